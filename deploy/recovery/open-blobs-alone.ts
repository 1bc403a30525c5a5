// The chunks of a directory that no server has, as commands open them: to move what must be moved, under no life
// of a server.
import type { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import type { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { newProcessId } from '../process/worker-pool.ts'
import { openBlobs } from '../stores/pair-stores.ts'

export function openBlobsAlone(
  dataDirectory: string,
  metadata: Pick<LmdbMetadataStore, 'chunks'>,
): Promise<DiskBlobStore> {
  const processId = newProcessId(process.pid)
  return openBlobs({ dataDirectory, role: 'primary', processId }, metadata, () => undefined)
}
