// Why the server could not start, for people: a sentence where the cause is theirs to mend, the stack
// where it is ours.
import { BadMasterKeyFile } from '../../gateway/access/keys/master-key-file.ts'
import { BadSealedSecret } from '../../gateway/access/keys/seal-secret.ts'
import { RecordCorrupt } from '../../metadata/codec/record-frame.ts'
import { MetadataDamaged } from '../../metadata/metadata-damaged.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import { isNoRoom } from '../../protocol/no-room.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { AuditLogRefused } from '../audit/open-audit-log.ts'
import { DataDirectoryRefused } from '../stores/data-directory.ts'
import { DirectoryNotMade } from '../stores/make-directory.ts'
import { ListenRefused } from './listen-failure.ts'
import { RootKeyTaken } from './root-user.ts'
import { BadTlsFiles } from './tls-files.ts'
import { WorkerFailed } from './worker-pool.ts'

const explained = [
  AuditLogRefused,
  BadMasterKeyFile,
  BadSealedSecret,
  BadTlsFiles,
  DataDirectoryRefused,
  DirectoryNotMade,
  ListenRefused,
  RootKeyTaken,
  StoreRefused,
  WorkerFailed,
]

export function explainFailure(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  // Files without permission: the system's own words name what it is about.
  const bySystem = 'syscall' in cause
  if (bySystem || explained.some((kind) => cause instanceof kind)) return cause.message
  if (isNoRoom(cause)) return `The disk is full, or read-only: ${cause.message}.`
  if (cause instanceof MetadataFull) return 'The disk is full, or read-only.'
  if (
    cause instanceof RecordCorrupt ||
    cause instanceof MetadataDamaged ||
    /\bMDB_/.test(cause.message)
  ) {
    return `The metadata are damaged (${cause.message}): holdfast check names all of it; put a copy of them back that is whole, see docs/recovery.md.`
  }
  return cause.stack ?? cause.message
}
