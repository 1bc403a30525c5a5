// Which CORS rules hold for a bucket: its own, or where it has none those of the server.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import {
  checksumAlgorithms,
  checksumHeader,
} from '../../protocol/s3/checksums/checksum-algorithm.ts'
import { type CorsRule, corsMethods } from '../../protocol/s3/cors/cors-rule.ts'
import { ByRevision } from './by-revision.ts'

/**
 * No bucket: what is asked is about none, or about one that is not there. An empty list: no page of another origin may
 * read anything. Throws what the metadata store throws.
 */
export type FindCorsRules = (bucket: Bucket | undefined) => Promise<readonly CorsRule[]>

export type CorsRulesDeps = {
  readonly metadata: Pick<MetadataStore, 'bucketConfigs'>
  /** Of pages that may use what has no configuration. */
  readonly origins: readonly string[]
  /** As much is remembered, roughly. */
  readonly heldBytesMax: number
}

type Own = { readonly rules: readonly CorsRule[] | undefined }

export function makeFindCorsRules({
  metadata,
  origins,
  heldBytesMax,
}: CorsRulesDeps): FindCorsRules {
  const rulesOfServer = origins.length === 0 ? [] : [ruleFor(origins)]
  const own = new ByRevision<Own>({
    bytesMax: heldBytesMax,
    weigh,
    load: async (bucket) => ({
      rules: (await metadata.bucketConfigs.get(bucket, 'cors'))?.document,
    }),
    unset: { rules: undefined },
  })
  return async (bucket) => (bucket && (await own.of(bucket)).rules) ?? rulesOfServer
}

const entryBytes = 256

function weigh({ rules = [] }: Own): number {
  let characters = 0
  for (const { id = '', ...rule } of rules) {
    characters += id.length
    for (const texts of [rule.allowedOrigins, rule.allowedHeaders, rule.exposeHeaders]) {
      for (const text of texts) characters += text.length + entryBytes / 8
    }
  }
  return entryBytes * (rules.length + 1) + 2 * characters
}

/** How long browsers may send what they were once allowed. */
const maxAgeSeconds = 600

/** Whatever S3's clients send and read. Headers of user metadata have names that nobody can list. */
function ruleFor(allowedOrigins: readonly string[]): CorsRule {
  return {
    allowedMethods: corsMethods,
    allowedOrigins,
    allowedHeaders: ['*'],
    exposeHeaders: [
      'ETag',
      'Accept-Ranges',
      'Content-Disposition',
      'Content-Encoding',
      'Content-Range',
      'Location',
      'x-amz-bucket-region',
      'x-amz-copy-source-version-id',
      'x-amz-delete-marker',
      'x-amz-id-2',
      'x-amz-missing-meta',
      'x-amz-mp-parts-count',
      'x-amz-request-id',
      'x-amz-storage-class',
      'x-amz-tagging-count',
      'x-amz-version-id',
      'x-amz-checksum-type',
      ...checksumAlgorithms.map(checksumHeader),
    ],
    maxAgeSeconds,
  }
}
