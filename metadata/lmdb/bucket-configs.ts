// What is set of buckets: documents by kind. Their revisions count in the bucket's row.
import type { ConfigKind } from '../bucket-config-kinds.ts'
import type { BucketConfig, BucketConfigStore, ConfigChanged } from '../bucket-config-store.ts'
import type { BucketRef, NoSuchBucket } from '../metadata-store.ts'
import { configKey, putConfig, readConfig } from './bucket-config-rows.ts'
import { liveBucket, putBucket } from './buckets.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'

export function lmdbBucketConfigs(env: LmdbEnvironment): BucketConfigStore {
  return {
    get: async (bucket, kind) => env.read((tables) => readConfig(tables, bucket.id, kind)),

    getMany: async (bucket, kinds) =>
      env.read((tables) => {
        const found: { [Each in (typeof kinds)[number]]?: BucketConfig<Each> } = {}
        for (const kind of kinds) {
          const config = readConfig(tables, bucket.id, kind)
          if (config !== undefined) found[kind] = config
        }
        return found
      }),

    put: (ref, kind, { document, ifRevision }) =>
      env.add((tables) =>
        change(tables, { ref, kind, ifRevision }, (revision) => {
          putConfig(tables, ref.id, { kind, document, revision })
        }),
      ),

    delete: (ref, kind, { ifRevision } = {}) =>
      env.write((tables) => {
        const isSet = tables.bucketConfigs.has(configKey(ref.id, kind))
        if (!isSet && ifRevision === undefined) {
          return liveBucket(tables, ref) ? { is: 'done' } : { is: 'noSuchBucket' }
        }
        const outcome = change(tables, { ref, kind, ifRevision }, () =>
          tables.bucketConfigs.remove(configKey(ref.id, kind)),
        )
        return outcome.is === 'done' ? { is: 'done' } : outcome
      }),
  }
}

type Change = {
  readonly ref: BucketRef
  readonly kind: ConfigKind
  readonly ifRevision: number | undefined
}

function change(
  tables: Tables,
  { ref, kind, ifRevision }: Change,
  make: (revision: number) => void,
): { is: 'done'; revision: number } | ConfigChanged | NoSuchBucket {
  const bucket = liveBucket(tables, ref)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  if (ifRevision !== undefined) {
    const now = readConfig(tables, ref.id, kind)?.revision ?? 0
    if (now !== ifRevision) return { is: 'changed' }
  }
  const revision = bucket.configRevision + 1
  make(revision)
  putBucket(tables, { ...bucket, configRevision: revision })
  return { is: 'done', revision }
}
