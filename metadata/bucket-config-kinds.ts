// What can be set of a bucket, besides what each commit reads (versioning, which stands in its row). The one
// place that a new setting is added to: its kind, what its document is, and how that becomes bytes. Ports,
// engines and migrations know kinds by name only.
import type { CorsRule } from '../protocol/s3/cors/cors-rule.ts'
import { corsBytesMax } from '../protocol/s3/limits.ts'
import { encodeCorsRules, parseCorsRules } from './codec/cors-codec.ts'
import { decodeRecord, encodeRecord } from './codec/record-frame.ts'
import { flattenTags, parseTags } from './codec/tenancy-codec.ts'
import type { Tag } from './records.ts'

/** Names are stored: they never change. */
export type ConfigDocuments = {
  /** At least one; none is no document. */
  readonly tagging: readonly Tag[]
  /** At least one. */
  readonly cors: readonly CorsRule[]
}

export type ConfigKind = keyof ConfigDocuments

export type ConfigCodec<Document> = {
  /** Of the rendered document. Whoever takes one in sees to it before. */
  readonly bytesMax: number
  render(document: Document): Uint8Array
  /** Throws `RecordCorrupt`, or what the kind's own parser throws. */
  parse(bytes: Uint8Array): Document
}

const codecs: { readonly [Kind in ConfigKind]: ConfigCodec<ConfigDocuments[Kind]> } = {
  tagging: {
    bytesMax: 128 * 1024,
    render: (tags) => encodeRecord(1, flattenTags(tags) ?? []),
    parse: (bytes) => parseTags(decodeRecord('tagging of a bucket', bytes)),
  },
  // Shorter than the XML that it came in.
  cors: { bytesMax: corsBytesMax, render: encodeCorsRules, parse: parseCorsRules },
}

export const configKinds: readonly ConfigKind[] = ['tagging', 'cors']

export function configCodec<Kind extends ConfigKind>(
  kind: Kind,
): ConfigCodec<ConfigDocuments[Kind]> {
  return codecs[kind]
}

/** Undefined for what is no kind, or one of a later version. */
export function parseConfigKind(raw: string): ConfigKind | undefined {
  return configKinds.find((kind) => kind === raw)
}
