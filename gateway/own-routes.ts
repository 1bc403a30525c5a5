// Which routes of our own there are below `/-/` on the S3 port.
import type { ArchiveRouteParts } from './archives/archive-parts.ts'
import { makeArchivesRoute } from './archives/archives-route.ts'
import type { BundleParts } from './bundles/bundle-parts.ts'
import { makeBundlesRoute } from './bundles/bundles-route.ts'
import type { OwnRoutes } from './http/own-route.ts'

export function makeOwnRoutes(parts: BundleParts & ArchiveRouteParts): OwnRoutes {
  return new Map([
    ['bundles', makeBundlesRoute(parts)],
    ['archives', makeArchivesRoute(parts)],
  ])
}
