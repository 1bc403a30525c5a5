// Which collections there are, what each is sharded by, and which index serves what. Made by `init-database.ts`.
import type { IndexDescription } from 'mongodb'

export type CollectionPlan = {
  readonly name: string
  /** By which fields it is sharded, in ranges unless it says `hashed`. Absent: it stays on one shard, being small. */
  readonly shardKey?: Readonly<Record<string, 1 | 'hashed'>>
  /** The shard key's index is among them, or is that of `_id`. */
  readonly indexes: readonly IndexDescription[]
}

const tasks: IndexDescription = {
  name: 'tasks',
  key: { 't.kind': 1, 't.tenant': 1, 't.due': 1 },
  partialFilterExpression: { 't.kind': { $exists: true } },
}

const buried: IndexDescription = {
  name: 'buried',
  key: { 't.buried': 1 },
  partialFilterExpression: { 't.buried': true },
}

export const collectionPlans: readonly CollectionPlan[] = [
  {
    name: 'objects',
    shardKey: { b: 1, k: 1 },
    indexes: [
      { name: 'place', key: { b: 1, k: 1, s: 1 }, unique: true },
      { name: 'current', key: { b: 1, k: 1 }, partialFilterExpression: { cur: true } },
      { name: 'versions', key: { b: 1, k: 1, s: 1 }, partialFilterExpression: { v: true } },
      {
        name: 'uploads',
        key: { b: 1, k: 1, s: 1 },
        partialFilterExpression: { u: { $exists: true } },
      },
      { name: 'uploadTimes', key: { u: 1 }, partialFilterExpression: { u: { $exists: true } } },
      { name: 'held', key: { held: 1 }, partialFilterExpression: { held: { $exists: true } } },
      { name: 'until', key: { until: 1 }, expireAfterSeconds: 0 },
      tasks,
      buried,
    ],
  },
  {
    name: 'buckets',
    shardKey: { _id: 'hashed' },
    indexes: [
      { name: 'owned', key: { tenant: 1, ns: 1, name: 1 } },
      { name: 'bucketId', key: { id: 1 } },
    ],
  },
  {
    name: 'chunks',
    shardKey: { _id: 1 },
    indexes: [
      { name: 'living', key: { _id: 1, g: 1 }, partialFilterExpression: { g: { $exists: true } } },
      tasks,
      buried,
    ],
  },
  { name: 'orphans', shardKey: { _id: 1 }, indexes: [{ name: 'met', key: { met: 1 } }] },
  {
    name: 'lists',
    shardKey: { list: 1, at: 1 },
    indexes: [
      { name: 'place', key: { list: 1, at: 1 }, unique: true },
      { name: 'owners', key: { owner: 1 }, partialFilterExpression: { owner: { $exists: true } } },
      tasks,
      buried,
    ],
  },
  { name: 'tasks', shardKey: { _id: 'hashed' }, indexes: [tasks, buried] },
  { name: 'tenants', indexes: [] },
  { name: 'accessKeys', shardKey: { _id: 'hashed' }, indexes: [] },
  {
    name: 'owners',
    indexes: [{ name: 'until', key: { until: 1, _id: 1 } }],
  },
  {
    name: 'jobs',
    shardKey: { kind: 1, tenant: 1 },
    indexes: [
      { name: 'times', key: { kind: 1, tenant: 1, created: -1, job: 1 } },
      {
        name: 'lanes',
        key: { lane: 1, tenant: 1, due: 1 },
        partialFilterExpression: { lane: { $exists: true } },
      },
      { name: 'claims', key: { owner: 1 }, partialFilterExpression: { owner: { $exists: true } } },
    ],
  },
  {
    name: 'leases',
    indexes: [
      { name: 'lives', key: { 'lives.n': 1 } },
      { name: 'expiries', key: { expires: 1 } },
      { name: 'owners', key: { owner: 1 }, partialFilterExpression: { owner: { $exists: true } } },
      { name: 'purposes', key: { purpose: 1, _id: 1 } },
    ],
  },
  {
    name: 'leaseScopes',
    shardKey: { at: 1 },
    indexes: [
      { name: 'at', key: { at: 1 } },
      { name: 'lives', key: { life: 1 } },
    ],
  },
  { name: 'meta', indexes: [] },
  {
    name: 'commits',
    shardKey: { _id: 'hashed' },
    indexes: [{ name: 'until', key: { until: 1 }, expireAfterSeconds: 0 }],
  },
  {
    name: 'manifests',
    indexes: [
      {
        name: 'scopes',
        key: { 'found.tenant': 1, 'found.scope': 1, 'found.created': -1, _id: 1 },
        partialFilterExpression: { 'found.tenant': { $exists: true } },
      },
      {
        name: 'tenants',
        key: { 'found.tenant': 1, _id: 1 },
        partialFilterExpression: { 'found.tenant': { $exists: true } },
      },
      { name: 'uses', key: { state: 1, used: 1 } },
    ],
  },
  {
    name: 'manifestPages',
    shardKey: { m: 1, offset: 1 },
    indexes: [
      { name: 'offsets', key: { m: 1, offset: 1 }, unique: true },
      { name: 'centralOffsets', key: { m: 1, central: 1 } },
    ],
  },
  {
    name: 'manifestSealers',
    indexes: [{ name: 'until', key: { until: 1 }, expireAfterSeconds: 0 }],
  },
  {
    name: 'bundles',
    indexes: [
      { name: 'tenants', key: { tenant: 1, _id: 1 } },
      { name: 'expiries', key: { expires: 1 } },
    ],
  },
]
