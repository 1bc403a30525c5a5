// Preflights: a browser asks whether a page of another origin may send a request. Whatever is asked with OPTIONS is
// one; nobody signs them, and what stands in the query is for the request to come.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
import {
  answerPreflight,
  type PreflightTarget,
  parsePreflight,
} from '../../protocol/s3/cors/preflight.ts'
import type { SettledAddress } from '../access/addressed-tenant.ts'
import type { FindCorsRules } from '../access/cors-rules.ts'
import { findNamedBucket } from '../access/find-bucket.ts'
import type { Reply } from '../reply.ts'
import type { Services } from '../s3/operation.ts'
import type { Begun } from './begun.ts'

type Deps = { readonly findCorsRules: FindCorsRules; readonly services: Services }

/** Of a request about a bucket or an object. Throws what `parsePreflight` and `answerPreflight` throw. */
export async function answerPreflightOfS3(
  { findCorsRules, services }: Deps,
  begun: Begun,
  { address, owner }: SettledAddress,
): Promise<Reply> {
  begun.operation = 'preflight'
  const asked = parsePreflight(begun.incoming.headers)
  const bucket = await findNamedBucket(services.metadata, { name: address.bucket, owner })
  begun.notes.bucket = bucket
  const target: PreflightTarget = {
    resourceType: address.key === undefined ? 'BUCKET' : 'OBJECT',
    withoutRules:
      bucket === undefined && owner === undefined
        ? 'Bucket not found'
        : 'CORS is not enabled for this bucket.',
  }
  return { status: 200, headers: answerPreflight(asked, await findCorsRules(bucket), target) }
}

/** Of a request below `/-/`, which is no bucket's: the rules of the server hold. Throws the same. */
export async function answerPreflightOfRoute(
  { findCorsRules }: Deps,
  begun: Begun,
): Promise<Reply> {
  begun.operation = 'preflight'
  const asked = parsePreflight(begun.incoming.headers)
  const target: PreflightTarget = {
    resourceType: 'ROUTE',
    withoutRules: 'CORS is not enabled for this route.',
  }
  return { status: 200, headers: answerPreflight(asked, await findCorsRules(undefined), target) }
}
