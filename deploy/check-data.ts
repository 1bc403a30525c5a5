// `holdfast check`: looks through a data directory that no server uses, and tells what is not as it
// must be. Like a start after an unclean stop it recovers the chunk store first; it changes nothing
// else.
import { setTimeout as sleep } from 'node:timers/promises'
import { damagedHeaders } from '../datanode/disk/damaged-headers.ts'
import { realVfs } from '../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../datanode/disk/segment-paths.ts'
import { type MasterKey, readMasterKey } from '../gateway/access/keys/master-key-file.ts'
import { openSecret } from '../gateway/access/keys/seal-secret.ts'
import { TenantKeyring } from '../gateway/access/keys/tenant-keyring.ts'
import type { TenantKeys } from '../gateway/access/keys/tenant-keys.ts'
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
import { DataDirectoryRefused, lockDataDirectory } from './data-directory.ts'
import { explainMismatch } from './explain-mismatch.ts'
import { compare, lookAround, openBlobs } from './pair-stores.ts'
import { readBackupMarker } from './recovery/backup-marker.ts'
import type { Print } from './serving.ts'
import { requireOwnDirectory } from './store-marker.ts'
import { chunksDirectory, metadataDirectory } from './store-paths.ts'
import { newProcessId } from './worker-pool.ts'

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
  const found = await lookAround(dataDirectory)
  const verdict = compare(found)
  const mismatch =
    verdict.is === 'mismatch' ? explainMismatch(verdict.why, dataDirectory) : undefined
  if (found.metadata === 'missing') {
    if (mismatch !== undefined) throw new StoreRefused(mismatch)
    throw new DataDirectoryRefused(`There is no data of a server in ${dataDirectory}.`)
  }
  const lock = await lockDataDirectory(dataDirectory, {
    pid: process.pid,
    wait: sleep,
    as: 'command',
  })
  let problems = 0
  const tell = (what: string) => {
    problems += 1
    print(what)
  }
  try {
    readWholeElsewhere(environmentFile(metadataDirectory(dataDirectory)))
    const environment = await LmdbEnvironment.open({ path: metadataDirectory(dataDirectory) })
    try {
      // Segments of a backup may be of a later moment than its metadata.
      if (mismatch !== undefined && backup === undefined) tell(mismatch)
      await checkAll({ dataDirectory, masterKeyFile, environment, tell, print })
    } finally {
      await environment.close()
    }
  } finally {
    lock.release()
  }
  print(problems === 0 ? 'All is well.' : `${problems} problems.`)
  return problems === 0
}

type Checking = DataCheck & {
  readonly environment: LmdbEnvironment
  readonly tell: (what: string) => void
}

async function checkAll(checking: Checking): Promise<void> {
  const { dataDirectory, environment, tell, print } = checking
  const keysOf = await openKeys(checking)
  environment.read((tables) => verifyRows(tables, tell))
  const counts = environment.read((tables) => verifyVersions(tables, { keysOf, tell }))
  const blobs = await openBlobs(
    { dataDirectory, role: 'primary', processId: newProcessId(process.pid) },
    { chunks: lmdbChunks(environment) },
    () => undefined,
  )
  try {
    for (const { file, what } of blobs.recovery?.problems ?? []) tell(`${file} ${what}`)
    const paths = segmentPaths(chunksDirectory(dataDirectory))
    for (const file of await damagedHeaders({ vfs: realVfs, paths })) {
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
    if (counts.unopened > 0)
      tell(`${counts.unopened} objects or parts in metadata were not opened.`)
    const hasChunks = (await blobs.usage()).chunks > 0
    if (hasChunks && buckets === 0) tell('There are chunks, and metadata know of no bucket.')
  } finally {
    await blobs.close()
  }
}

/** Without the master key, or with another one, much of it cannot be looked at: that is said. */
async function openKeys({
  masterKeyFile,
  environment,
  tell,
}: Checking): Promise<(tenantId: TenantId) => TenantKeys | undefined> {
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
  const everybody = { limit: Number.MAX_SAFE_INTEGER }
  for (const tenant of (await lmdbTenants(environment).list(everybody)).tenants) {
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
