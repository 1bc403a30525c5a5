// `/-/archives`: asking for, listing, showing and ending archive jobs (docs/archives.md). The work is
// done elsewhere (`archive-worker.ts`).
import { type NativeRoute, noSuchRoute } from '../native-api/native-route.ts'
import type { ArchiveRouteDeps } from './archive-deps.ts'
import { createArchive } from './create-archive.ts'
import { deleteArchive } from './delete-archive.ts'
import { listArchives, showArchive } from './show-archives.ts'

export function makeArchivesRoute(deps: ArchiveRouteDeps): NativeRoute {
  return (call) => {
    const [id, ...more] = call.path
    if (more.length > 0) throw noSuchRoute(call)
    if (id === undefined) {
      if (call.method === 'GET') return listArchives(deps, call)
      if (call.method === 'POST') return createArchive(deps, call)
      throw noSuchRoute(call)
    }
    if (call.method === 'GET') return showArchive(deps, call, id)
    if (call.method === 'DELETE') return deleteArchive(deps, call, id)
    throw noSuchRoute(call)
  }
}
