// `/-/archives`: asking for, listing, showing and ending archive jobs (docs/archives.md). Here is which request
// does what; the work is done elsewhere.
import type { NativeRoute } from '../native-api/native-route.ts'
import type { ArchiveRouteDeps } from './archive-deps.ts'
import { createArchive } from './create-archive.ts'
import { deleteArchive } from './delete-archive.ts'
import { listArchives, showArchive } from './show-archives.ts'

export function archivesRoutes(deps: ArchiveRouteDeps): readonly NativeRoute[] {
  return [
    { method: 'GET', path: '/-/archives', answer: (call) => listArchives(deps, call) },
    { method: 'POST', path: '/-/archives', answer: (call) => createArchive(deps, call) },
    {
      method: 'GET',
      path: '/-/archives/:id',
      answer: (call, param) => showArchive(deps, call, param('id')),
    },
    {
      method: 'DELETE',
      path: '/-/archives/:id',
      answer: (call, param) => deleteArchive(deps, call, param('id')),
    },
  ]
}
