// Waiting, in loops that can be stopped.

/** Waits, or less if the signal comes first. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, durationMs)
    signal.addEventListener('abort', wake)
  })
}

/** The pause after so many failures in a row: doubled each time, within bounds. */
export function backoff(
  failures: number,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
): number {
  return Math.min(minMs * 2 ** Math.max(0, Math.min(failures - 1, 30)), maxMs)
}
