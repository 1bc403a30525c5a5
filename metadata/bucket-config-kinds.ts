// What can be set of a bucket, besides what each commit reads (versioning, which stands in its row). The one
// place that a new setting is added to: its kind, what its document is, and how that becomes bytes. Ports,
// engines and migrations know kinds by name only.

import type { Grant } from '../protocol/s3/acl/acl.ts'
import { type ObjectOwnership, objectOwnerships } from '../protocol/s3/acl/object-ownership.ts'
import type { CorsRule } from '../protocol/s3/cors/cors-rule.ts'
import { corsBytesMax } from '../protocol/s3/limits.ts'
import type { PublicAccessBlock } from '../protocol/s3/xml/public-access-block.ts'
import { flattenGrants, parseGrants } from './codec/acl-codec.ts'
import { encodeCorsRules, parseCorsRules } from './codec/cors-codec.ts'
import {
  count,
  decodeRecord,
  encodeRecord,
  optionalCount,
  text,
  word,
} from './codec/record-frame.ts'
import { flattenTags, parseTags } from './codec/tenancy-codec.ts'
import type { Quota, Tag } from './records.ts'

/** Names are stored: they never change. */
export type ConfigDocuments = {
  /** At least one; none is no document. */
  readonly tagging: readonly Tag[]
  /** The JSON of a bucket policy as it was put. */
  readonly policy: string
  readonly publicAccessBlock: PublicAccessBlock
  /** At least one. */
  readonly cors: readonly CorsRule[]
  /** No document: `BucketOwnerEnforced`. `removed`: its owner has taken it away, which is as `ObjectWriter` is. */
  readonly ownership: ObjectOwnership | 'removed'
  /** No document: the owner alone. */
  readonly acl: readonly Grant[]
  /** Of the bucket alone. At least one bound; none is no document. */
  readonly quota: BucketQuota
}

export type BucketQuota = Omit<Quota, 'buckets'>

export type ConfigKind = keyof ConfigDocuments

export type ConfigCodec<Document> = {
  /** Of the rendered document. Whoever takes one in sees to it before. */
  readonly bytesMax: number
  render(document: Document): Uint8Array
  /** Throws `RecordCorrupt`, or what the kind's own parser throws. */
  parse(bytes: Uint8Array): Document
}

/** Stored by their places: append, never reorder. */
const ownerships = [...objectOwnerships, 'removed'] as const

const codecs: { readonly [Kind in ConfigKind]: ConfigCodec<ConfigDocuments[Kind]> } = {
  tagging: {
    bytesMax: 128 * 1024,
    render: (tags) => encodeRecord(1, flattenTags(tags) ?? []),
    parse: (bytes) => parseTags(decodeRecord('tagging of a bucket', bytes)),
  },
  policy: {
    bytesMax: 32 * 1024,
    render: (policy) => encodeRecord(1, [policy]),
    parse: (bytes) => text(decodeRecord('policy of a bucket', bytes), 0),
  },
  publicAccessBlock: {
    bytesMax: 64,
    render: (block) =>
      encodeRecord(1, [
        Number(block.blockPublicAcls),
        Number(block.ignorePublicAcls),
        Number(block.blockPublicPolicy),
        Number(block.restrictPublicBuckets),
      ]),
    parse: (bytes) => {
      const fields = decodeRecord('public access block of a bucket', bytes)
      const isSet = (at: number) => count(fields, at) === 1
      return {
        blockPublicAcls: isSet(0),
        ignorePublicAcls: isSet(1),
        blockPublicPolicy: isSet(2),
        restrictPublicBuckets: isSet(3),
      }
    },
  },
  // Shorter than the XML that it came in.
  cors: { bytesMax: corsBytesMax, render: encodeCorsRules, parse: parseCorsRules },
  ownership: {
    bytesMax: 64,
    render: (ownership) => encodeRecord(1, [ownerships.indexOf(ownership)]),
    parse: (bytes) => word(ownerships, decodeRecord('object ownership of a bucket', bytes), 0),
  },
  acl: {
    bytesMax: 32 * 1024,
    render: (grants) => encodeRecord(1, flattenGrants(grants)),
    parse: (bytes) => parseGrants(decodeRecord('ACL of a bucket', bytes)),
  },
  quota: {
    bytesMax: 64,
    render: ({ bytes, objects }) => encodeRecord(1, [bytes, objects]),
    parse: (rendered) => {
      const fields = decodeRecord('quota of a bucket', rendered)
      const [bytes, objects] = [optionalCount(fields, 0), optionalCount(fields, 1)]
      return {
        ...(bytes === undefined ? {} : { bytes }),
        ...(objects === undefined ? {} : { objects }),
      }
    },
  },
}

export const configKinds: readonly ConfigKind[] = [
  ...(['tagging', 'policy', 'publicAccessBlock', 'cors', 'ownership', 'acl', 'quota'] as const),
]

export function configCodec<Kind extends ConfigKind>(
  kind: Kind,
): ConfigCodec<ConfigDocuments[Kind]> {
  return codecs[kind]
}

/** Undefined for what is no kind, or one of a later version. */
export function parseConfigKind(raw: string): ConfigKind | undefined {
  return configKinds.find((kind) => kind === raw)
}
