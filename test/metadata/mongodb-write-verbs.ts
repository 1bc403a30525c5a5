// Every verb of the metadata port that writes beside objects, chunks and buckets, each with what it needs to have
// something to do: for tests that let it fail half-way. Those of leases, tasks and what people make of archives:
// `mongodb-other-write-verbs.ts`.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { drawCommitId } from '../../metadata/commit-id.ts'
import type { MetadataStore, NewPieceData } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Bucket, VersioningStatus } from '../../metadata/records.ts'
import { toGroup } from '../../protocol/s3/acl/acl.ts'
import {
  chunk,
  chunks,
  listId,
  makeBucket,
  newVersion,
  processOwner,
  put,
  tenantId,
} from '../contracts/metadata-fixture.ts'
import { begin, completion, newUpload, part } from '../contracts/metadata-upload-fixture.ts'

export type WriteVerb = {
  readonly name: string
  /** Answers the call: made again, it is the same call. */
  readonly prepare: (store: MetadataStore) => Promise<(store: MetadataStore) => Promise<unknown>>
  /** What it may answer besides when it was done before: where the port has no ids of commits. */
  readonly again?: readonly string[]
}

export const nowMs = 1_700_000_000_000
const states = ['off', 'enabled', 'suspended'] as const satisfies readonly VersioningStatus[]

export function named() {
  return { commitId: drawCommitId(nowMs, randomBytes) }
}

export const inline: NewPieceData = { is: 'inline', sealed: Buffer.from('inline') }

/** A list of one chunk, under way. */
export async function beginList(store: MetadataStore, name: string): Promise<NewPieceData> {
  const begun = { tenantId, listId: listId(name), owner: processOwner, offset: 0 }
  const answer = await store.chunks.extendList({ ...begun, chunks: [chunk(name, 1)] })
  assert.deepEqual(answer, { is: 'extended' })
  return { is: 'list', listId: listId(name) }
}

function committing(bucket: Bucket, data: NewPieceData) {
  const followUps = [{ kind: 'note', payload: 1 }]
  const version = { ...newVersion(bucket, 'k', { data, nowMs: nowMs + 1 }), followUps }
  const id = named()
  return (store: MetadataStore) => store.objects.commit(version, id)
}

const commits: readonly WriteVerb[] = states.flatMap((versioning) => [
  {
    name: `objects.commit, inline, of a new key (${versioning})`,
    prepare: async (store) => committing(await makeBucket(store, 'b', versioning), inline),
  },
  {
    name: `objects.commit, inline, over chunks (${versioning})`,
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b', versioning)
      await put(store, bucket, 'k', { data: chunks(chunk('old', 1)) })
      return committing(bucket, inline)
    },
  },
  {
    name: `objects.commit, chunks, over chunks (${versioning})`,
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b', versioning)
      await put(store, bucket, 'k', { data: chunks(chunk('old', 1), chunk('same', 1)) })
      const claims = [chunk('new', 1), chunk('same', 2), chunk('new', 1)]
      return committing(bucket, chunks(...claims))
    },
  },
  {
    name: `objects.commit, a list, over another (${versioning})`,
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b', versioning)
      await put(store, bucket, 'k', { data: await beginList(store, 'one') })
      return committing(bucket, await beginList(store, 'two'))
    },
  },
])

const deletions: readonly WriteVerb[] = [
  ...states.map((versioning) => ({
    name: `objects.delete, of the current version (${versioning})`,
    prepare: async (store: MetadataStore) => {
      const bucket = await makeBucket(store, 'b', versioning)
      await put(store, bucket, 'k', { data: chunks(chunk('old', 1)) })
      const id = named()
      const deletion = { bucket, key: 'k', nowMs: nowMs + 1 }
      return (again: MetadataStore) => again.objects.delete(deletion, id)
    },
  })),
  {
    name: 'objects.delete, of the newest of several versions',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b', 'enabled')
      await put(store, bucket, 'k', { data: chunks(chunk('old', 1)) })
      const { versionId } = await put(store, bucket, 'k', { data: chunks(chunk('new', 1)) })
      const id = named()
      const deletion = { bucket, key: 'k', versionId, nowMs: nowMs + 1 }
      return (again) => again.objects.delete(deletion, id)
    },
  },
  {
    name: 'objects.delete, of the null version below another',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b', 'suspended')
      await put(store, bucket, 'k', { data: chunks(chunk('old', 1)) })
      await store.buckets.setVersioning(bucket, 'enabled')
      await put(store, bucket, 'k')
      const id = named()
      const deletion = { bucket, key: 'k', versionId: 'null' as const, nowMs: nowMs + 1 }
      return (again) => again.objects.delete(deletion, id)
    },
  },
  {
    name: 'objects.setTags',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      await put(store, bucket, 'k', { data: chunks(chunk('old', 1)) })
      const id = named()
      return (again) => again.objects.setTags(bucket, 'k', { tags: [{ key: 'a', value: 'b' }] }, id)
    },
  },
  {
    name: 'objects.setGrants',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      await put(store, bucket, 'k', { data: chunks(chunk('old', 1)) })
      const found = await store.objects.get(bucket, 'k')
      assert.ok(found !== undefined)
      const change = { rowId: found.rowId, grants: [toGroup('AllUsers', 'READ')] }
      const id = named()
      return (again) => again.objects.setGrants(bucket, 'k', change, id)
    },
  },
]

const uploads: readonly WriteVerb[] = [
  {
    name: 'uploads.create',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      const id = named()
      return (again) => again.uploads.create(bucket, newUpload('k'), id)
    },
  },
  ...['inline', 'chunks', 'list'].map((is) => ({
    name: `uploads.commitPart, ${is}, in place of another`,
    prepare: async (store: MetadataStore) => {
      const bucket = await makeBucket(store, 'b')
      const upload = await begin(store, bucket, 'k')
      await store.uploads.commitPart(bucket, upload, part(1, { chunk: 'old' }))
      const list = is === 'list' ? { data: await beginList(store, 'two') } : {}
      const id = named()
      const wanted = { ...part(1, is === 'chunks' ? { chunk: 'new' } : {}), ...list }
      return (again: MetadataStore) => again.uploads.commitPart(bucket, upload, wanted, id)
    },
  })),
  {
    name: 'uploads.complete, without one of its parts',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      await put(store, bucket, 'k', { data: chunks(chunk('old', 1)) })
      const upload = await begin(store, bucket, 'k')
      for (const number of [1, 2]) {
        await store.uploads.commitPart(bucket, upload, part(number, { chunk: `p${number}` }))
      }
      const id = named()
      const wanted = await completion(store, { bucket, upload }, [2])
      return (again) => again.uploads.complete(wanted, id)
    },
  },
  {
    name: 'uploads.abort',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      const upload = await begin(store, bucket, 'k')
      await store.uploads.commitPart(bucket, upload, part(1, { chunk: 'old' }))
      const id = named()
      return (again) => again.uploads.abort(bucket, upload, id)
    },
  },
  {
    name: 'uploads.abortStale',
    prepare: async (store) => {
      const upload = await begin(store, await makeBucket(store, 'b'), 'k', 5)
      assert.ok(upload)
      return (again) => again.uploads.abortStale({ initiatedBeforeMs: 6, limit: 9 })
    },
  },
]

const catalog: readonly WriteVerb[] = [
  ...['begun', 'longer'].map((what) => ({
    name: `chunks.extendList, ${what}`,
    prepare: async (store: MetadataStore) => {
      if (what === 'longer') await beginList(store, 'one')
      const offset = what === 'longer' ? chunk('one', 1).length : 0
      const of = { tenantId, listId: listId('one'), owner: processOwner, offset }
      const extension = { ...of, chunks: [chunk('x', 1), chunk('y', 1)] }
      return (again: MetadataStore) => again.chunks.extendList(extension)
    },
  })),
  {
    name: 'chunks.abandonList',
    prepare: async (store) => {
      await beginList(store, 'one')
      return (again) => again.chunks.abandonList(tenantId, listId('one'))
    },
  },
  {
    name: 'chunks.abandonListsOf',
    prepare: async (store) => {
      await beginList(store, 'one')
      await store.owners.end(processOwner)
      return (again) => again.chunks.abandonListsOf(processOwner, 9)
    },
  },
  {
    name: 'orphans.review, which sets aside',
    prepare: async () => (again) =>
      again.orphans.review([chunk('orphan', 3)], { servedMs: 20, keepMs: 10 }),
  },
  {
    // One that is condemned is met until its blob is deleted, and forgotten by the pass behind that.
    name: 'orphans.review, which condemns, and the end of the pass',
    prepare: async (store) => {
      const blob = chunk('orphan', 3)
      await store.orphans.review([blob], { servedMs: 1, keepMs: 10 })
      return async (again) => {
        await again.orphans.review([blob], { servedMs: 20, keepMs: 10 })
        await again.orphans.endPass(21)
      }
    },
  },
]

const buckets: readonly WriteVerb[] = [
  {
    name: 'buckets.create',
    again: ['exists'],
    prepare: async () => (again) =>
      again.buckets.create({
        ...{ namespace: defaultNamespace, tenantId, name: 'b', region: 'r', createdMs: 1 },
      }),
  },
  {
    name: 'buckets.delete',
    again: ['noSuchBucket'],
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      await begin(store, bucket, 'k')
      return (again) => again.buckets.delete(bucket)
    },
  },
  {
    name: 'buckets.setVersioning',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      return (again) => again.buckets.setVersioning(bucket, 'enabled')
    },
  },
  {
    name: 'bucketConfigs.put, of a revision',
    again: ['changed'],
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      const document = [{ key: 'a', value: 'b' }]
      return (again) => again.bucketConfigs.put(bucket, 'tagging', { document, ifRevision: 0 })
    },
  },
  {
    name: 'bucketConfigs.delete',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      await store.bucketConfigs.put(bucket, 'tagging', { document: [{ key: 'a', value: 'b' }] })
      return (again) => again.bucketConfigs.delete(bucket, 'tagging')
    },
  },
]

export const writeVerbs = [...commits, ...deletions, ...uploads, ...catalog, ...buckets]
