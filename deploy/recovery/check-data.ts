// `holdfast check`: looks through a data directory that no server uses, and tells what is not as it
// must be. Like a start after an unclean stop it recovers the chunk store first, on what it only looks at:
// nothing in the directory changes.
import type { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { inspectSegments } from '../../datanode/disk/inspect-segments.ts'
import { lookingVfs } from '../../datanode/disk/looking-vfs.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { type MasterKey, readMasterKey } from '../../gateway/access/keys/master-key-file.ts'
import { openSecret } from '../../gateway/access/keys/seal-secret.ts'
import { TenantKeyring } from '../../gateway/access/keys/tenant-keyring.ts'
import type { TenantKeys } from '../../gateway/access/keys/tenant-keys.ts'
import { parseAccessKey, parseTenant } from '../../metadata/codec/tenancy-codec.ts'
import { checkEnvironmentFile } from '../../metadata/lmdb/check-environment-file.ts'
import { lmdbChunks } from '../../metadata/lmdb/chunk-catalog.ts'
import { requireWholeLayout } from '../../metadata/lmdb/layout-format.ts'
import { environmentFile, LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { everyRow } from '../../metadata/lmdb/row-keys.ts'
import { verifyReferences } from '../../metadata/lmdb/verify-references.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import { verifyUsage } from '../../metadata/lmdb/verify-usage.ts'
import { verifyVersions } from '../../metadata/lmdb/verify-versions.ts'
import type { TenantId } from '../../metadata/records.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import type { Print } from '../process/serving.ts'
import { DataDirectoryRefused, lockToLookAt } from '../stores/data-directory.ts'
import { explainMismatch } from '../stores/explain-mismatch.ts'
import { compare, type Found, lookAround, lookAroundWhole } from '../stores/pair-stores.ts'
import { requireOwnDirectory } from '../stores/store-marker.ts'
import { chunksDirectory, metadataDirectory } from '../stores/store-paths.ts'
import { readBackupMarker } from './backup-marker.ts'
import { chunkChecks } from './check-chunks.ts'
import { lookAtBlobs } from './look-at-blobs.ts'

const chunksAtOnce = 1_000_000

export type DataCheck = {
  readonly dataDirectory: string
  readonly masterKeyFile: string
  readonly print: Print
}

/** Answers whether all is well. Throws `DataDirectoryRefused` and `StoreRefused`, also while a server runs. */
export async function checkData({
  dataDirectory,
  masterKeyFile,
  print,
}: DataCheck): Promise<boolean> {
  const backup = await readBackupMarker(dataDirectory)
  if (backup === undefined) await requireOwnDirectory(dataDirectory, [masterKeyFile])
  await requireMetadata(dataDirectory)
  const lock = lockToLookAt(dataDirectory)
  let problems = 0
  const tell = (what: string) => {
    problems += 1
    print(what)
  }
  try {
    const mismatch = mismatchOf(await lookAroundWhole(dataDirectory, 'toLookAt'), dataDirectory)
    if (lock === undefined) {
      print(`${dataDirectory} has no lock: nothing keeps others from changing it meanwhile.`)
    }
    const path = metadataDirectory(dataDirectory)
    const environment = await LmdbEnvironment.open({ path, use: 'toLookAt' })
    try {
      requireWholeLayout(environment)
      // Segments of a backup may be of a later moment than its metadata.
      if (mismatch !== undefined && backup === undefined) tell(mismatch)
      await checkAll({ dataDirectory, masterKeyFile, environment, tell, print })
    } finally {
      await environment.close()
    }
  } finally {
    lock?.release()
  }
  print(problems === 0 ? 'All is well.' : `${problems} problems.`)
  return problems === 0
}

/** Where they are missing, nothing is made. */
async function requireMetadata(dataDirectory: string): Promise<void> {
  const file = environmentFile(metadataDirectory(dataDirectory))
  if ((await checkEnvironmentFile(file)) === 'present') return
  const mismatch = mismatchOf(await lookAround(dataDirectory, 'toLookAt'), dataDirectory)
  if (mismatch !== undefined) throw new StoreRefused(mismatch)
  throw new DataDirectoryRefused(`There is no data of a server in ${dataDirectory}.`)
}

function mismatchOf(found: Found, dataDirectory: string): string | undefined {
  const verdict = compare(found)
  return verdict.is === 'mismatch' ? explainMismatch(verdict.why, dataDirectory) : undefined
}

type Checking = DataCheck & {
  readonly environment: LmdbEnvironment
  readonly tell: (what: string) => void
}

async function checkAll(checking: Checking): Promise<void> {
  const { dataDirectory, environment, tell } = checking
  const keysOf = await openKeys(checking)
  environment.read((tables) => verifyRows(tables, tell))
  const counts = environment.read((tables) => verifyVersions(tables, { keysOf, tell }))
  environment.read((tables) => verifyUsage(tables, tell))
  await lookAtBlobs(dataDirectory, { chunks: lmdbChunks(environment) }, (blobs) =>
    checkBlobs(checking, { blobs, keysOf, counts }),
  )
}

async function checkBlobs(
  { dataDirectory, environment, tell, print }: Checking,
  {
    blobs,
    keysOf,
    counts,
  }: {
    readonly blobs: DiskBlobStore
    readonly keysOf: KeysOf
    readonly counts: ReturnType<typeof verifyVersions>
  },
): Promise<void> {
  const paths = segmentPaths(chunksDirectory(dataDirectory))
  const inspected = new Set<string>()
  for await (const { file, what } of inspectSegments({ vfs: lookingVfs(realVfs), paths })) {
    inspected.add(file)
    tell(`${file} ${what}`)
  }
  // What a start would do about those files is not done here.
  for (const { file, what } of blobs.recovery?.problems ?? []) {
    if (!inspected.has(file)) tell(`${file} ${what}`)
  }
  const { chunks, orphans } = await verifyReferences({
    environment,
    ...chunkChecks(blobs, keysOf),
    chunksAtOnce,
    tell,
  })
  const { buckets, objects, olderVersions } = counts
  print(
    `${buckets} buckets, ${objects} objects, ${olderVersions} older versions and delete markers, ${chunks} chunks, ${orphans} orphans.`,
  )
  const setAside = environment.read((tables) => tables.orphans.count())
  if (setAside > 0) print(`${setAside} orphans are set aside.`)
  if (counts.unopened > 0) tell(`${counts.unopened} objects or parts in metadata were not opened.`)
  const hasChunks = (await blobs.usage()).chunks > 0
  if (hasChunks && buckets === 0) tell('There are chunks, and metadata know of no bucket.')
}

type KeysOf = (tenantId: TenantId) => TenantKeys | undefined

/** Without the master key, or with another one, much of it cannot be looked at: that is said. */
async function openKeys({ masterKeyFile, environment, tell }: Checking): Promise<KeysOf> {
  let master: MasterKey
  try {
    master = await readMasterKey(masterKeyFile)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    tell(`Nothing could be decrypted: ${why}`)
    return () => undefined
  }
  const keyring = new TenantKeyring({ master, tenantsMax: 1000 })
  const tenants = new Map<TenantId, TenantKeys>()
  const [tenantRows, keyRows] = environment.read(({ tenants, accessKeys }) =>
    [tenants, accessKeys].map((table) => [...table.intactRows(everyRow)]),
  )
  for (const { value } of tenantRows ?? []) {
    const tenant = unlessUnreadable(() => parseTenant(value))
    if (tenant === undefined) continue
    try {
      tenants.set(tenant.id, keyring.keysOf(tenant))
    } catch {
      tell(`The master key ${masterKeyFile} does not open the keys of tenant ${tenant.id}.`)
    }
  }
  for (const { value } of keyRows ?? []) requireSecret(master, value, tell)
  return (tenantId) => tenants.get(tenantId)
}

function requireSecret(master: MasterKey, row: Buffer, tell: (what: string) => void): void {
  const key = unlessUnreadable(() => parseAccessKey(row))
  if (key === undefined) return
  const { tenantId, accessKeyId, sealedSecret } = key
  try {
    openSecret(master, { is: 'secretAccessKey', tenantId, accessKeyId }, sealedSecret)
  } catch {
    tell(`The secret of the access key ${accessKeyId} does not open.`)
  }
}

/** What cannot be read is told of among the rows. */
function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
