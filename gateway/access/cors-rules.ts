// Which CORS rules hold for a bucket: its own, or where it has none those of the server. Own ones are remembered while
// the bucket's row, which every request reads, says that nothing was set since.
import { LRUCache } from 'lru-cache'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, BucketId } from '../../metadata/records.ts'
import {
  checksumAlgorithms,
  checksumHeader,
} from '../../protocol/s3/checksums/checksum-algorithm.ts'
import { type CorsRule, corsMethods } from '../../protocol/s3/cors/cors-rule.ts'

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

type Held = { readonly revision: number; readonly rules: readonly CorsRule[] | undefined }

export function makeFindCorsRules({
  metadata,
  origins,
  heldBytesMax,
}: CorsRulesDeps): FindCorsRules {
  const rulesOfServer = origins.length === 0 ? [] : [ruleFor(origins)]
  const held = new LRUCache<BucketId, Held>({ maxSize: heldBytesMax, sizeCalculation: weigh })
  return async (bucket) => {
    if (bucket === undefined || bucket.configRevision === 0) return rulesOfServer
    const { id, configRevision: revision } = bucket
    let known = held.get(id)
    if (known?.revision !== revision) {
      const config = await metadata.bucketConfigs.get(bucket, 'cors')
      // What was put since the row was read is taken for what was there: it is what holds now.
      known = { revision, rules: config?.document }
      held.set(id, known)
    }
    return known.rules ?? rulesOfServer
  }
}

const entryBytes = 256

function weigh({ rules = [] }: Held): number {
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
