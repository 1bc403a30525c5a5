// The admin API as whoever listens on the port knows it.
import type { HttpBindings } from '@hono/node-server'

export type AdminApi = {
  /** Whether a path is one of its own. Others are for whoever else is on the port. */
  isOwn(path: string): boolean
  fetch(request: Request, bindings: HttpBindings): Response | Promise<Response>
}
