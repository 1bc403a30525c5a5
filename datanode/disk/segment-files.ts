// Open files of segments for reading: a bounded number of them, the least recently used closed first,
// and none closed while a read uses it.
import type { SegmentId } from './segment-format.ts'
import type { SegmentPaths } from './segment-paths.ts'
import type { Vfs, VfsFile } from './vfs.ts'

type Handle = { readonly file: VfsFile; users: number; retired: boolean }

export class SegmentFiles {
  readonly #vfs: Vfs
  readonly #paths: SegmentPaths
  readonly #filesMax: number
  /** In order of use, the oldest first. */
  readonly #handles = new Map<SegmentId, Promise<Handle>>()

  constructor(options: { vfs: Vfs; paths: SegmentPaths; filesMax: number }) {
    this.#vfs = options.vfs
    this.#paths = options.paths
    this.#filesMax = options.filesMax
  }

  /** Runs `work` with the segment's file. ENOENT: the segment is gone. */
  async use<T>(id: SegmentId, work: (file: VfsFile) => Promise<T>): Promise<T> {
    let handle = await this.#handle(id)
    // Retired between its opening and now: its descriptor may be somebody else's already.
    while (handle.retired) handle = await this.#handle(id)
    handle.users += 1
    try {
      return await work(handle.file)
    } finally {
      handle.users -= 1
      if (handle.users === 0 && handle.retired) await handle.file.close()
    }
  }

  /** Closes the files of segments that `exists` does not know, so that their space returns. */
  async dropRetired(exists: (id: SegmentId) => boolean): Promise<void> {
    for (const id of [...this.#handles.keys()]) if (!exists(id)) await this.drop(id)
  }

  async drop(id: SegmentId): Promise<void> {
    const opening = this.#handles.get(id)
    if (opening === undefined) return
    this.#handles.delete(id)
    await retire(opening)
  }

  async close(): Promise<void> {
    for (const id of [...this.#handles.keys()]) await this.drop(id)
  }

  async #handle(id: SegmentId): Promise<Handle> {
    const known = this.#handles.get(id)
    const opening = known ?? this.#open(id)
    this.#handles.delete(id)
    this.#handles.set(id, opening)
    const handle = await opening
    if (known === undefined) await this.#evict()
    return handle
  }

  async #open(id: SegmentId): Promise<Handle> {
    try {
      const file = await this.#vfs.open(this.#paths.file(id), 'read')
      return { file, users: 0, retired: false }
    } catch (cause) {
      this.#handles.delete(id)
      throw cause
    }
  }

  async #evict(): Promise<void> {
    for (const [id, opening] of this.#handles) {
      if (this.#handles.size <= this.#filesMax) return
      this.#handles.delete(id)
      await retire(opening)
    }
  }
}

async function retire(opening: Promise<Handle>): Promise<void> {
  let handle: Handle
  try {
    handle = await opening
  } catch {
    // Whoever opened it has been told.
    return
  }
  handle.retired = true
  if (handle.users === 0) await handle.file.close()
}
