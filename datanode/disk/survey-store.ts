// A look at a chunk store before it is opened, which changes nothing: what its note and the headers of all
// its segments say of the store and the moment that they are of.
import type { ChunksFound, SegmentOrigin } from '../../protocol/store/lineage.ts'
import { parseSegmentFileName, type SegmentId, segmentHeaderBytes } from './segment-format.ts'
import { readSegmentHeader } from './segment-header.ts'
import type { SegmentPaths } from './segment-paths.ts'
import { asideSuffix } from './settle-segments.ts'
import { readStoreNote } from './store-note.ts'
import { errorCode, type Vfs } from './vfs.ts'

const filesAtOnce = 64

type Home = { readonly vfs: Vfs; readonly paths: SegmentPaths }

/** Throws `StoreRefused` when a later version has written the note or a segment. */
export async function surveyStore(home: Home): Promise<ChunksFound> {
  const note = await readStoreNote(home)
  const names = await listIfThere(home)
  const ids = names.flatMap((name) => parseSegmentFileName(name) ?? [])
  const segments: (SegmentOrigin | 'unmarked' | 'empty')[] = []
  for (let at = 0; at < ids.length; at += filesAtOnce) {
    const group = ids.slice(at, at + filesAtOnce)
    segments.push(...(await Promise.all(group.map((id) => lookAt(home, id)))))
  }
  return {
    note,
    // One that was set aside had data in it, too.
    holdsSegments:
      segments.some((found) => found !== 'empty') ||
      names.some((name) => name.endsWith(asideSuffix)),
    origins: distinct(segments.filter((found) => typeof found === 'object')),
  }
}

async function listIfThere({ vfs, paths }: Home): Promise<readonly string[]> {
  try {
    return await vfs.list(paths.segments)
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
    return []
  }
}

async function lookAt(
  { vfs, paths }: Home,
  id: SegmentId,
): Promise<SegmentOrigin | 'unmarked' | 'empty'> {
  // Whatever has taken a segment's name: recovery puts it aside.
  if ((await vfs.identify(paths.file(id))) === undefined) return 'empty'
  const file = await vfs.open(paths.file(id), 'read')
  try {
    const header = await readSegmentHeader(file)
    if (header?.origin !== undefined) return header.origin
    return (await file.size()) <= segmentHeaderBytes ? 'empty' : 'unmarked'
  } catch (cause) {
    // One bad sector says nothing of the others, and keeps nobody from them.
    if (errorCode(cause) !== 'EIO') throw cause
    return 'unmarked'
  } finally {
    await file.close()
  }
}

/** The newest of each store. */
function distinct(origins: readonly SegmentOrigin[]): readonly SegmentOrigin[] {
  const newest = new Map<string, SegmentOrigin>()
  for (const origin of origins) {
    const { epoch, mark } = newest.get(origin.storeId) ?? origin
    newest.set(origin.storeId, {
      storeId: origin.storeId,
      epoch: Math.max(epoch, origin.epoch),
      mark: Math.max(mark, origin.mark),
    })
  }
  return [...newest.values()]
}
