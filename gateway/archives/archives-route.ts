// `/-/archives`: asking for, listing, showing and ending archive jobs (docs/archives.md). The work is
// done elsewhere (`archive-worker.ts`).
import { noSuchRoute, type OwnRoute } from '../http/own-route.ts'
import type { ArchiveRouteParts } from './archive-parts.ts'
import { createArchive } from './create-archive.ts'
import { deleteArchive } from './delete-archive.ts'
import { listArchives, showArchive } from './show-archives.ts'

export function makeArchivesRoute(parts: ArchiveRouteParts): OwnRoute {
  return (call) => {
    const [id, ...more] = call.path
    if (more.length > 0) throw noSuchRoute(call)
    if (id === undefined) {
      if (call.method === 'GET') return listArchives(parts, call)
      if (call.method === 'POST') return createArchive(parts, call)
      throw noSuchRoute(call)
    }
    if (call.method === 'GET') return showArchive(parts, call, id)
    if (call.method === 'DELETE') return deleteArchive(parts, call, id)
    throw noSuchRoute(call)
  }
}
