// What is set of a bucket, as it stands in the bucket's document: by kind, the revision and the document's bytes.
import assert from 'node:assert'
import {
  type ConfigDocuments,
  type ConfigKind,
  configCodec,
  configKinds,
} from '../bucket-config-kinds.ts'
import type { BucketConfig } from '../bucket-config-store.ts'
import type { BucketDocument } from './documents.ts'

type ConfigFields = NonNullable<BucketDocument['configs']>

export function renderConfig<Kind extends ConfigKind>(
  kind: Kind,
  document: ConfigDocuments[Kind],
): Buffer {
  const { render, bytesMax } = configCodec(kind)
  const bytes = render(document)
  assert(bytes.length <= bytesMax, `a document of ${kind} over its limit`)
  return Buffer.from(bytes)
}

/** Those of a new bucket, and its revision. */
export function firstConfigs(documents: Partial<ConfigDocuments>): {
  readonly configs: ConfigFields
  readonly revision: number
} {
  const entries = configKinds.flatMap((kind) => {
    const document = documents[kind]
    if (document === undefined) return []
    return [[kind, { revision: 1, c: renderConfig(kind, document) }] as const]
  })
  return { configs: Object.fromEntries(entries), revision: entries.length === 0 ? 0 : 1 }
}

export function configIn<Kind extends ConfigKind>(
  configs: ConfigFields | undefined,
  kind: Kind,
): BucketConfig<Kind> | undefined {
  const field = configs?.[kind]
  if (field === undefined) return undefined
  return { document: configCodec(kind).parse(field.c), revision: field.revision }
}
