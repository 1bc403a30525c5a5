// The two questions that load balancers, orchestrators and people ask of the admin port. What
// "ready" takes is told by whoever composes the server.
import { Hono } from 'hono'
import { takesHtml, welcomePage } from './welcome-page.ts'

export type Readiness = {
  readonly ready: boolean
  /** What is up and what is missing, for people. Nothing secret. */
  readonly details: Readonly<Record<string, string | number>>
}

/**
 * `/healthz`: 200 for as long as the process answers. `/readyz`: 200 when S3 requests will be served,
 * otherwise 503, both with the details as JSON. `/`: what there is, as a page for browsers. Everything
 * else: 404.
 */
export function createHealthApp(readiness: () => Promise<Readiness>): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.text('ok\n'))
  app.get('/readyz', async (c) => {
    const { ready, details } = await readiness()
    return c.json({ ready, ...details }, ready ? 200 : 503)
  })
  app.get('/', (c) => {
    c.header('Vary', 'Accept')
    if (takesHtml(c.req.header('accept'))) return c.html(welcomePage({ is: 'admin' }))
    return c.text('Holdfast, admin port: see /healthz and /readyz\n')
  })
  app.get('/favicon.ico', (c) => c.body(null, 204))
  app.notFound((c) => c.text('not found\n', 404))
  return app
}
