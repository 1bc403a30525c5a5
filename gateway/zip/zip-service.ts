// What one process has for archives, put together: frozen lists, the budget of reading ahead, and the
// way from a manifest to bytes and to a reply. Where the list came from makes no difference here.
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import type { HalfOpenRange } from '../../protocol/s3/range.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import type { Batches } from '../data/buffers/batch.ts'
import type { Reply } from '../reply.ts'
import { readArchive } from './archive-reader.ts'
import { type ArchiveRequest, archiveReply } from './archive-reply.ts'
import { ManifestCache } from './manifest-cache.ts'
import { OpenReaders, ReadAheadBudget } from './reading-lane.ts'
import { manyReaders, readAheadBytes } from './zip-limits.ts'

export type ZipServiceDeps = {
  readonly metadata: MetadataStore
  readonly blobs: Pick<BlobStore, 'read' | 'readMany'>
  readonly random: RandomBytes
  readonly now: () => number
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
  /** Told when many archives are read at once, and when no longer. */
  readonly onManyReaders?: (areMany: boolean) => void
}

export class ZipService {
  readonly archives: ManifestCache
  private readonly deps: ZipServiceDeps
  private readonly budget = new ReadAheadBudget({ bytes: readAheadBytes })
  private readonly readers: OpenReaders

  constructor(deps: ZipServiceDeps) {
    this.deps = deps
    this.archives = new ManifestCache(deps)
    this.readers = new OpenReaders({
      many: manyReaders,
      onMany: deps.onManyReaders ?? (() => {}),
    })
  }

  /** What is left of the process's budget of reading ahead. Bytes. */
  get readAheadFreeBytes(): number {
    return this.budget.freeBytes
  }

  /** As `readArchive`; the manifest lives on while it is read. */
  read(manifest: Manifest, tenantKeys: TenantKeys, range: HalfOpenRange): Batches {
    const { metadata, blobs, clock } = this.deps
    const keepAlive = this.archives.keeper(manifest)
    const enter = () => this.archives.enter(manifest)
    const { budget, readers } = this
    const deps = { metadata, blobs, tenantKeys, budget, readers, clock, keepAlive, enter }
    return readArchive(deps, manifest, range)
  }

  /** As `archiveReply`. `fileName` has its ending. */
  reply(
    request: ArchiveRequest,
    archive: {
      readonly manifest: Manifest
      readonly tenantKeys: TenantKeys
      readonly fileName: string
    },
  ): Promise<Reply> {
    const { manifest, tenantKeys, fileName } = archive
    return archiveReply(request, {
      manifest,
      fileName,
      boundary: () => this.deps.random(16).toString('hex'),
      read: (range) => this.read(manifest, tenantKeys, range),
    })
  }
}
