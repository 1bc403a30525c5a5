// Rows of what is set of a bucket: revision and document, under the bucket's id and the kind.
import assert from 'node:assert'
import {
  type ConfigDocuments,
  type ConfigKind,
  configCodec,
  configKinds,
} from '../bucket-config-kinds.ts'
import type { BucketConfig } from '../bucket-config-store.ts'
import { bytesAt, count, decodeRecord, encodeRecord } from '../codec/record-frame.ts'
import type { BucketId } from '../records.ts'
import type { Tables } from './lmdb-environment.ts'
import { rangeOf } from './row-keys.ts'

/** Those of a new bucket. Answers its revision. */
export function putFirstConfigs(
  tables: Tables,
  bucketId: BucketId,
  configs: Partial<ConfigDocuments>,
): number {
  let revision = 0
  for (const kind of configKinds) {
    const document = configs[kind]
    if (document === undefined) continue
    revision = 1
    putConfig(tables, bucketId, { kind, document, revision })
  }
  return revision
}

/** Puts a row whose revision the bucket's row knows. */
export function putConfig<Kind extends ConfigKind>(
  tables: Tables,
  bucketId: BucketId,
  { kind, document, revision }: BucketConfig<Kind> & { readonly kind: Kind },
): void {
  const { render, bytesMax } = configCodec(kind)
  const bytes = render(document)
  assert(bytes.length <= bytesMax, `a document of ${kind} over its limit`)
  tables.bucketConfigs.put(configKey(bucketId, kind), encodeRecord(1, [revision, bytes]))
}

export function readConfig<Kind extends ConfigKind>(
  { bucketConfigs }: Tables,
  bucketId: BucketId,
  kind: Kind,
): BucketConfig<Kind> | undefined {
  const row = bucketConfigs.get(configKey(bucketId, kind))
  return row && parseConfigRow(kind, row)
}

/** With its bucket, whose kinds are few. */
export function removeConfigs({ bucketConfigs }: Tables, bucketId: BucketId): void {
  const all = rangeOf(Buffer.from(bucketId, 'hex'))
  for (const { key } of [...bucketConfigs.rows(all)]) bucketConfigs.remove(key)
}

export function parseConfigRow<Kind extends ConfigKind>(
  kind: Kind,
  row: Buffer,
): BucketConfig<Kind> {
  const fields = decodeRecord('bucket config', row)
  const document: ConfigDocuments[Kind] = configCodec(kind).parse(bytesAt(fields, 1))
  return { document, revision: count(fields, 0) }
}

export function configKey(bucketId: BucketId, kind: ConfigKind): Buffer {
  return Buffer.concat([Buffer.from(bucketId, 'hex'), Buffer.from(kind)])
}
