// Which routes of our own there are below `/-/` on the S3 port.
import type { OwnRoutes } from './http/own-route.ts'

export function makeOwnRoutes(): OwnRoutes {
  return new Map()
}
