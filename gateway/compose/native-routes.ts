// Which routes of our own there are below `/-/` on the S3 port.
import type { ArchiveRouteDeps } from '../archive-jobs/archive-deps.ts'
import { makeArchivesRoute } from '../archive-jobs/archives-route.ts'
import type { BundleDeps } from '../bundles/bundle-deps.ts'
import { makeBundlesRoute } from '../bundles/bundles-route.ts'
import type { NativeRoutes } from '../native-api/native-route.ts'

export function makeNativeRoutes(deps: BundleDeps & ArchiveRouteDeps): NativeRoutes {
  return new Map([
    ['bundles', makeBundlesRoute(deps)],
    ['archives', makeArchivesRoute(deps)],
  ])
}
