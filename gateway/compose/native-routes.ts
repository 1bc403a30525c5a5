// Which routes of our own there are below `/-/` on the S3 port.
import type { ArchiveRouteDeps } from '../archive-jobs/archive-deps.ts'
import { archivesRoutes } from '../archive-jobs/archives-routes.ts'
import type { BundleDeps } from '../bundles/bundle-deps.ts'
import { bundlesRoutes } from '../bundles/bundles-routes.ts'
import type { NativeRoute } from '../native-api/native-route.ts'

export function nativeRoutes(deps: BundleDeps & ArchiveRouteDeps): readonly NativeRoute[] {
  return [...bundlesRoutes(deps), ...archivesRoutes(deps)]
}
