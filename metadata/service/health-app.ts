// What a metadata service says of itself to whoever asks, and an answer to what is no call at all. No word of
// what it keeps.
import { Hono } from 'hono'
import { type CheckHealth, rememberedHealth } from '../../protocol/cluster/remembered-health.ts'

export function healthApp(check: CheckHealth): Hono {
  const isWell = rememberedHealth(check)
  const app = new Hono()
  app.get('/health/live', (c) => c.text('live\n'))
  app.get('/health/ready', async (c) =>
    (await isWell()) ? c.text('ready\n') : c.text('not ready\n', 503),
  )
  app.notFound((c) => c.text('a Holdfast metadata service\n', 404))
  return app
}
