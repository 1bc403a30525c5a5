// Which collections there are, what each is sharded by, which index serves what, and what its documents must have.
// Made by `init-database.ts`.
import type { IndexDescription } from 'mongodb'

export type FieldType = 'string' | 'number' | 'binData' | 'array' | 'object' | 'date' | 'bool'
export type DocumentFields = {
  readonly required: Readonly<Record<string, FieldType>>
  readonly optional?: Readonly<Record<string, FieldType>>
}

export type CollectionPlan = {
  readonly name: string
  /** By which fields it is sharded, in ranges unless it says `hashed`. Absent: it stays on one shard, being small. */
  readonly shardKey?: Readonly<Record<string, 1 | 'hashed'>>
  /** It is sharded by an id in hexadecimal digits, and so can be spread over shards before anything is in it. */
  readonly isHex?: true
  /** What the server sees to in each document that is written. Absent: documents of many kinds. */
  readonly fields?: DocumentFields
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
    isHex: true,
    fields: {
      required: { b: 'string', k: 'string', s: 'string' },
      optional: {
        h: 'binData',
        c: 'binData',
        x: 'number',
        u: 'number',
        pb: 'number',
        d: 'object',
        until: 'date',
        t: 'object',
      },
    },
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
      // By bucket first, as the shard key: what one bucket's notes come to is asked of its shards.
      {
        name: 'noted',
        key: { b: 1, k: 1, s: 1 },
        partialFilterExpression: { d: { $exists: true } },
      },
      { name: 'held', key: { held: 1 }, partialFilterExpression: { held: { $exists: true } } },
      { name: 'until', key: { until: 1 }, expireAfterSeconds: 0 },
      tasks,
      buried,
    ],
  },
  {
    name: 'buckets',
    fields: {
      required: {
        ...{ ns: 'string', name: 'string', id: 'string', tenant: 'string', c: 'binData' },
        ...{ versioning: 'string', revision: 'number', sealed: 'number' },
      },
      optional: { deleting: 'string', configs: 'object' },
    },
    shardKey: { _id: 'hashed' },
    indexes: [
      { name: 'owned', key: { tenant: 1, ns: 1, name: 1 } },
      { name: 'bucketId', key: { id: 1 } },
    ],
  },
  {
    name: 'usage',
    isHex: true,
    shardKey: { _id: 1 },
    fields: {
      required: {
        ...{ bytes: 'number', objects: 'number', versions: 'number' },
        ...{ deleteMarkers: 'number', uploads: 'number', partBytes: 'number' },
      },
    },
    indexes: [],
  },
  {
    name: 'chunks',
    isHex: true,
    fields: {
      required: {},
      optional: { tenant: 'string', g: 'number', refs: 'number', condemned: 'array', t: 'object' },
    },
    shardKey: { _id: 1 },
    indexes: [
      { name: 'living', key: { _id: 1, g: 1 }, partialFilterExpression: { g: { $exists: true } } },
      tasks,
      buried,
    ],
  },
  {
    name: 'orphans',
    shardKey: { _id: 1 },
    isHex: true,
    fields: { required: { since: 'number', met: 'number' } },
    indexes: [{ name: 'met', key: { met: 1 } }],
  },
  {
    name: 'lists',
    isHex: true,
    fields: {
      required: { list: 'string', at: 'number' },
      optional: { owner: 'string', end: 'number', c: 'binData', t: 'object' },
    },
    shardKey: { list: 1, at: 1 },
    indexes: [
      { name: 'place', key: { list: 1, at: 1 }, unique: true },
      { name: 'owners', key: { owner: 1 }, partialFilterExpression: { owner: { $exists: true } } },
      tasks,
      buried,
    ],
  },
  {
    name: 'tasks',
    shardKey: { _id: 'hashed' },
    fields: { required: { t: 'object' } },
    indexes: [tasks, buried],
  },
  {
    name: 'tenants',
    fields: { required: { c: 'binData', name: 'string', revision: 'number' } },
    // Sparse, since the index is made before tenants of the schema's version 1 are given theirs (`name-tenants.ts`).
    indexes: [{ name: 'name', key: { name: 1 }, unique: true, sparse: true }],
  },
  {
    name: 'accessKeys',
    shardKey: { _id: 'hashed' },
    fields: { required: { tenant: 'string', c: 'binData' }, optional: { used: 'binData' } },
    indexes: [{ name: 'tenants', key: { tenant: 1, _id: 1 } }],
  },
  {
    name: 'identities',
    shardKey: { tenant: 1 },
    fields: {
      required: { tenant: 'string', kind: 'string', name: 'string', c: 'binData' },
      optional: { revision: 'number' },
    },
    indexes: [{ name: 'place', key: { tenant: 1, kind: 1, name: 1 }, unique: true }],
  },
  {
    name: 'owners',
    fields: { required: { until: 'number' } },
    indexes: [{ name: 'until', key: { until: 1, _id: 1 } }],
  },
  {
    name: 'jobs',
    fields: {
      required: {
        ...{ kind: 'string', tenant: 'string', job: 'string', revision: 'number' },
        ...{ created: 'number', c: 'binData' },
      },
      optional: { lane: 'string', due: 'number', owner: 'string' },
    },
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
    fields: {
      required: {
        ...{ purpose: 'string', expires: 'number', since: 'number' },
        ...{ lives: 'array', buckets: 'array' },
      },
      optional: { owner: 'string', sealed: 'number' },
    },
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
  // The schema's version, the lineage, numbers.
  { name: 'meta', indexes: [] },
  {
    name: 'commits',
    shardKey: { _id: 'hashed' },
    indexes: [{ name: 'until', key: { until: 1 }, expireAfterSeconds: 0 }],
  },
  {
    name: 'manifests',
    fields: {
      required: { state: 'string', used: 'number', c: 'binData' },
      optional: { found: 'object' },
    },
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
    isHex: true,
    fields: { required: { m: 'string', offset: 'number', central: 'number', c: 'binData' } },
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
    fields: { required: { tenant: 'string', expires: 'number', revision: 'number', c: 'binData' } },
    indexes: [
      { name: 'tenants', key: { tenant: 1, _id: 1 } },
      { name: 'expiries', key: { expires: 1 } },
    ],
  },
]
