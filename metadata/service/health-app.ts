// What a metadata service says of itself to whoever asks, and an answer to what is no call at all. No word of
// what it keeps.
import { Hono } from 'hono'

/** Rejects when it is not well. */
export type CheckHealth = () => Promise<void>

/** Asked no more often than that. */
const lookedAtMs = 1000

export function healthApp(check: CheckHealth): Hono {
  let looked: { readonly atMs: number; readonly isWell: Promise<boolean> } | undefined
  const isWell = () => {
    const nowMs = performance.now()
    if (looked === undefined || nowMs - looked.atMs > lookedAtMs) {
      const found = check().then(
        () => true,
        () => false,
      )
      looked = { atMs: nowMs, isWell: found }
    }
    return looked.isWell
  }
  const app = new Hono()
  app.get('/health/live', (c) => c.text('live\n'))
  app.get('/health/ready', async (c) =>
    (await isWell()) ? c.text('ready\n') : c.text('not ready\n', 503),
  )
  app.notFound((c) => c.text('a Holdfast metadata service\n', 404))
  return app
}
