// SIGINT and SIGTERM mean: stop, and let requests end. Once more means: at once.

/** A terminal signals its whole group and npm passes the signal on besides: that is one wish. */
const sameWishMs = 500

/** `stop` is called at most once. `stopNow` after it, when a second signal comes. */
export function onStopSignals(stop: () => void, stopNow: () => void): void {
  let firstMs: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const nowMs = performance.now()
      if (firstMs === undefined) {
        firstMs = nowMs
        stop()
      } else if (nowMs - firstMs > sameWishMs) stopNow()
    })
  }
}
