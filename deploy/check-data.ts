// `holdfast check`: looks through a data directory that no server uses, and tells what is not as it
// must be. Like a start after an unclean stop it recovers the chunk store first, on what it only looks at:
// nothing in the directory changes.
import { damagedHeaders } from '../datanode/disk/damaged-headers.ts'
import type { DiskBlobStore } from '../datanode/disk/disk-blob-store.ts'
import { lookingVfs } from '../datanode/disk/looking-vfs.ts'
import { realVfs } from '../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../datanode/disk/segment-paths.ts'
import { type MasterKey, readMasterKey } from '../gateway/keys/master-key-file.ts'
import { openSecret } from '../gateway/keys/seal-secret.ts'
import { TenantKeyring } from '../gateway/keys/tenant-keyring.ts'
import type { TenantKeys } from '../gateway/keys/tenant-keys.ts'
import { parseAccessKey } from '../metadata/codec/tenancy-codec.ts'
import { readWholeElsewhere } from '../metadata/lmdb/check-environment-file.ts'
import { lmdbChunks } from '../metadata/lmdb/chunk-catalog.ts'
import { environmentFile, LmdbEnvironment } from '../metadata/lmdb/lmdb-environment.ts'
import { lmdbTenants } from '../metadata/lmdb/tenants.ts'
import { verifyReferences } from '../metadata/lmdb/verify-references.ts'
import { everyRow, verifyRows } from '../metadata/lmdb/verify-rows.ts'
import { verifyVersions } from '../metadata/lmdb/verify-versions.ts'
import type { AccessKey, TenantId } from '../metadata/records.ts'
import { StoreRefused } from '../protocol/store/store-refused.ts'
import { chunkChecks } from './check-chunks.ts'
import { DataDirectoryRefused, lockToLookAt } from './data-directory.ts'
import { explainMismatch } from './explain-mismatch.ts'
import { lookAtBlobs } from './look-at-blobs.ts'
import { compare, lookAround } from './pair-stores.ts'
import { readBackupMarker } from './recovery/backup-marker.ts'
import type { Print } from './serving.ts'
import { requireOwnDirectory } from './store-marker.ts'
import { chunksDirectory, metadataDirectory } from './store-paths.ts'

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
  const lock = lockToLookAt(dataDirectory)
  let problems = 0
  const tell = (what: string) => {
    problems += 1
    print(what)
  }
  try {
    const mismatch = await mismatchOf(dataDirectory)
    if (lock === undefined) {
      print(`${dataDirectory} has no lock: nothing keeps others from changing it meanwhile.`)
    }
    const path = metadataDirectory(dataDirectory)
    await readWholeElsewhere(environmentFile(path))
    const environment = await LmdbEnvironment.open({ path, use: 'toLookAt' })
    try {
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

/** Why the two do not belong together, if they do not. Throws when there is nothing to look through. */
async function mismatchOf(dataDirectory: string): Promise<string | undefined> {
  const found = await lookAround(dataDirectory, 'toLookAt')
  const verdict = compare(found)
  const mismatch =
    verdict.is === 'mismatch' ? explainMismatch(verdict.why, dataDirectory) : undefined
  if (found.metadata !== 'missing') return mismatch
  if (mismatch !== undefined) throw new StoreRefused(mismatch)
  throw new DataDirectoryRefused(`There is no data of a server in ${dataDirectory}.`)
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
  for (const { file, what } of blobs.recovery?.problems ?? []) tell(`${file} ${what}`)
  const paths = segmentPaths(chunksDirectory(dataDirectory))
  for (const file of await damagedHeaders({ vfs: lookingVfs(realVfs), paths })) {
    tell(`${file} has no intact header: once the index is built anew, nothing of it can be read`)
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
  for (const tenant of await lmdbTenants(environment).list()) {
    try {
      tenants.set(tenant.id, keyring.keysOf(tenant))
    } catch {
      tell(`The master key ${masterKeyFile} does not open the keys of tenant ${tenant.id}.`)
    }
  }
  for (const { value } of environment.read(({ accessKeys }) => [...accessKeys.rows(everyRow)])) {
    requireSecret(master, value, tell)
  }
  return (tenantId) => tenants.get(tenantId)
}

function requireSecret(master: MasterKey, row: Buffer, tell: (what: string) => void): void {
  let key: AccessKey
  try {
    key = parseAccessKey(row)
  } catch {
    // Told of among the rows.
    return
  }
  const { tenantId, accessKeyId, sealedSecret } = key
  try {
    openSecret(master, { is: 'secretAccessKey', tenantId, accessKeyId }, sealedSecret)
  } catch {
    tell(`The secret of the access key ${accessKeyId} does not open.`)
  }
}
