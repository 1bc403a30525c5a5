// Opens metadata that lie outside of a data directory: in a database, behind services, or in a directory of their own.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ClusterAccess } from '../../gateway/config/cluster-access.ts'
import type { LineageStore } from '../../metadata/lineage-store.ts'
import { lmdbEngine } from '../../metadata/lmdb/lmdb-engine.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { type MetadataLocation, parseMetadataLocation } from '../../metadata/metadata-location.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { mongoEngine } from '../../metadata/mongodb/mongo-engine.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { remoteEngine } from '../../metadata/remote/remote-engine.ts'
import { RemoteMetadataStore } from '../../metadata/remote/remote-metadata-store.ts'
import type { ClientTls } from '../../protocol/cluster/client-access.ts'
import { parseClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import type { StoreEngine } from '../../protocol/store/store-engine.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { type OpeningMetadata, openMetadataDirectory } from './metadata-directory.ts'
import { metadataDirectory } from './store-paths.ts'

export type OuterMetadata = {
  readonly store: MetadataStore & { readonly lineage: LineageStore }
  /** Its life; `close` lets go of everything. */
  readonly engine: StoreEngine
}

export type OpeningOuter = OpeningMetadata & {
  /** As it was written. */
  readonly location: string
  readonly cluster: ClusterAccess
  /** `worker`: another process has opened it first, and keeps its lock. */
  readonly role: 'primary' | 'worker'
}

/** Throws `StoreRefused`, `DataDirectoryRefused`, and `StoreUnavailable` where nobody answers. */
export async function openOuterMetadata(opening: OpeningOuter): Promise<OuterMetadata> {
  const parsed = parseMetadataLocation(opening.location)
  if (parsed.is === 'mistakes') throw new StoreRefused(parsed.mistakes.join('; '))
  return openLocation(parsed.location, opening)
}

async function openLocation(
  location: MetadataLocation,
  opening: OpeningOuter,
): Promise<OuterMetadata> {
  switch (location.is) {
    case 'lmdb':
      return openDirectory(location.directory, opening)
    case 'mongodb':
      return openDatabase(location.uri)
    case 'service': {
      const { endpoints } = location
      const { secret: text, unencrypted } = opening.cluster
      const secret = text === undefined ? undefined : parseClusterSecret(text)
      const store = await RemoteMetadataStore.open({
        ...{
          endpoints,
          unencrypted,
          random: randomBytes,
          tls: await readClusterTls(opening.cluster),
        },
        ...(secret === undefined ? {} : { secret }),
      })
      return { store, engine: remoteEngine(store) }
    }
    default:
      return location satisfies never
  }
}

async function openDirectory(directory: string, opening: OpeningOuter): Promise<OuterMetadata> {
  const { onUnusable, role } = opening
  if (role === 'primary') return openServedDirectory(directory, opening)
  const path = metadataDirectory(directory)
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role, onUnusable })
  return { store, engine: lmdbEngine(store) }
}

export type ServedMetadata = OuterMetadata & {
  /** To be called when the process has been well for a while. */
  readonly served: () => void
}

/** For a metadata service. Throws as `openOuterMetadata` does. */
export async function openServedMetadata(
  location: Exclude<MetadataLocation, { is: 'service' }>,
  opening: OpeningMetadata,
): Promise<ServedMetadata> {
  switch (location.is) {
    case 'lmdb':
      return openServedDirectory(location.directory, opening)
    case 'mongodb':
      return { ...(await openDatabase(location.uri)), served: () => {} }
    default:
      return location satisfies never
  }
}

async function openServedDirectory(
  directory: string,
  opening: OpeningMetadata,
): Promise<ServedMetadata> {
  const { store, lock } = await openMetadataDirectory(directory, opening)
  const engine = lmdbEngine(store)
  const close = async () => {
    await engine.close()
    lock.release()
  }
  return { store, engine: { ...engine, close }, served: () => lock.served() }
}

async function openDatabase(uri: string): Promise<OuterMetadata> {
  const store = await MongoMetadataStore.open({ uri, random: randomBytes })
  return { store, engine: mongoEngine(store) }
}

/** What is trusted, and what is shown, where parts of a cluster are called over TLS. */
export async function readClusterTls({
  caFile,
  certFile,
  keyFile,
}: ClusterAccess): Promise<ClientTls> {
  const read = (path: string) => readFile(path, 'utf8')
  return {
    ...(caFile === undefined ? {} : { ca: await read(caFile) }),
    ...(certFile === undefined ? {} : { cert: await read(certFile) }),
    ...(keyFile === undefined ? {} : { key: await read(keyFile) }),
  }
}
