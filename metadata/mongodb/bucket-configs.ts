// What is set of buckets: within the bucket's document, so that each change is one command, which counts the
// bucket's revision as well.
import type { Document, Filter } from 'mongodb'
import type { ConfigKind } from '../bucket-config-kinds.ts'
import type { BucketConfig, BucketConfigStore, ConfigChanged } from '../bucket-config-store.ts'
import type { BucketRef, NoSuchBucket } from '../metadata-store.ts'
import { configIn, renderConfig } from './bucket-config-fields.ts'
import type { BucketDocument } from './documents.ts'
import { bucketDocumentId, liveBucket } from './live-bucket.ts'
import type { Shared } from './shared.ts'

export function mongoBucketConfigs({ db }: Shared): BucketConfigStore {
  const read = async (ref: BucketRef, kinds: readonly ConfigKind[]) => {
    if (kinds.length === 0) return undefined
    const projection = Object.fromEntries(kinds.map((kind) => [`configs.${kind}`, 1]))
    const found = await db.run(() => db.buckets.findOne(placeOf(ref), { projection }))
    return found?.configs
  }
  /** Answers the revision, unless what is asked for is not there. */
  const change = async (filter: Filter<BucketDocument>, update: Document[]) => {
    const options = { returnDocument: 'after', projection: { revision: 1 } } as const
    const changed = await db.run(() => db.buckets.findOneAndUpdate(filter, update, options))
    return changed?.revision
  }
  const whyNot = async (
    ref: BucketRef,
    ifRevision: number | undefined,
  ): Promise<{ is: 'done' } | ConfigChanged | NoSuchBucket> => {
    if ((await liveBucket(db, ref)) === undefined) return { is: 'noSuchBucket' }
    return { is: ifRevision === undefined ? 'done' : 'changed' }
  }
  return {
    get: async (ref, kind) => configIn(await read(ref, [kind]), kind),

    getMany: async (ref, kinds) => {
      const configs = await read(ref, kinds)
      const found: { [Each in (typeof kinds)[number]]?: BucketConfig<Each> } = {}
      for (const kind of kinds) {
        const config = configIn(configs, kind)
        if (config !== undefined) found[kind] = config
      }
      return found
    },

    put: async (ref, kind, { document, ifRevision }) => {
      const c = { $literal: renderConfig(kind, document) }
      const filter = { ...placeOf(ref), ...asSeen(kind, ifRevision) }
      for (;;) {
        const revision = await change(filter, [
          { $set: { revision: next, [`configs.${kind}`]: { revision: next, c } } },
        ])
        if (revision !== undefined) return { is: 'done', revision }
        const why = await whyNot(ref, ifRevision)
        // It was not there, and is now: nothing that can be, nor that would do harm.
        if (why.is !== 'done') return why
      }
    },

    delete: async (ref, kind, { ifRevision } = {}) => {
      const isSet = { [`configs.${kind}`]: { $exists: true } }
      const seen = ifRevision === undefined ? isSet : asSeen(kind, ifRevision)
      const revision = await change({ ...placeOf(ref), ...seen }, [
        { $set: { revision: next } },
        { $unset: `configs.${kind}` },
      ])
      return revision === undefined ? whyNot(ref, ifRevision) : { is: 'done' }
    },
  }
}

/** Of the bucket, and of what is set now. */
const next = { $add: ['$revision', 1] }

function placeOf({ namespace, name, id }: BucketRef) {
  return { _id: bucketDocumentId(namespace, name), id }
}

function asSeen(kind: ConfigKind, ifRevision: number | undefined): Filter<BucketDocument> {
  switch (ifRevision) {
    case undefined:
      return {}
    case 0:
      return { [`configs.${kind}`]: { $exists: false } }
    default:
      return { [`configs.${kind}.revision`]: ifRevision }
  }
}
