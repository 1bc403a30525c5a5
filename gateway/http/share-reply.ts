// Replies to requests that pages of other origins have sent: each says, whatever it answers, whether the page may read
// it. A request without an origin costs nothing here.
import type { Bucket } from '../../metadata/records.ts'
import { corsHeaders } from '../../protocol/s3/cors/cors-headers.ts'
import { matchCorsRule } from '../../protocol/s3/cors/match-cors-rule.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { SettledAddress } from '../access/addressed-tenant.ts'
import type { FindCorsRules } from '../access/cors-rules.ts'
import { findNamedBucket } from '../access/find-bucket.ts'
import type { Reply } from '../reply.ts'
import type { Services } from '../s3/operation.ts'
import type { Begun } from './begun.ts'

/** Undefined: no page of another origin has sent it. */
export function originOf({ incoming }: Begun): string | undefined {
  return headerText(incoming.headers, 'origin')
}

/**
 * From now on the reply says what the rules of this bucket say; of none, those of the server. Throws as
 * `FindCorsRules`: better before anything is done than after.
 */
export async function shareReply(
  begun: Begun,
  findCorsRules: FindCorsRules,
  bucket: Bucket | undefined,
): Promise<void> {
  const origin = originOf(begun)
  if (origin === undefined) return
  const rules = await findCorsRules(bucket)
  const { method = 'GET' } = begun.incoming
  const match = matchCorsRule(rules, { origin, method, headers: [] })
  begun.shared = match && corsHeaders(match)
}

type Deps = { readonly findCorsRules: FindCorsRules; readonly services: Services }
type BucketFound = (bucket: Bucket) => Promise<void>

/**
 * What `answer` answers, or throws, shared as the bucket has it. A request that is refused before its bucket is looked
 * for, such as one with a wrong signature, has it looked for all the same: the page is to read why. Nobody learns more
 * than from a preflight, which is not signed either.
 */
export async function answerPage(
  { findCorsRules, services }: Deps,
  { begun, address, owner }: SettledAddress & { readonly begun: Begun },
  answer: (bucketFound: BucketFound) => Promise<Reply>,
): Promise<Reply> {
  const bucketFound: BucketFound = (bucket) => shareReply(begun, findCorsRules, bucket)
  const lookNow = async () => {
    if (begun.notes.bucket !== undefined) return
    const bucket = await findNamedBucket(services.metadata, { name: address.bucket, owner })
    if (bucket !== undefined) await bucketFound(bucket)
  }
  await shareReply(begun, findCorsRules, undefined)
  try {
    const reply = await answer(bucketFound)
    // CreateBucket finds none before.
    await lookNow()
    return reply
  } catch (cause) {
    // Where metadata are out of reach, there is nowhere to look.
    if (cause instanceof S3Error) await lookNow()
    throw cause
  }
}
