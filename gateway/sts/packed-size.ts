// How much room policies and tags of a session take, packed, in its token: which goes with every request, in headers of
// which servers take 16 KiB together, and in URLs.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
import { deflateRawSync } from 'node:zlib'
import { QueryError } from '../../protocol/query/query-error.ts'
import type { Session } from '../access/identity.ts'

const packedBytesMax = 2048

/** In percent of what there may be. Undefined: there is nothing of it. Throws `PackedPolicyTooLarge`. */
export function packedPercent({ policies, policyArns, tags, keys }: Session): number | undefined {
  if (policies === undefined && policyArns === undefined && tags === undefined) return undefined
  const packed = deflateRawSync(JSON.stringify([policies, policyArns, tags, keys]))
  const percent = Math.ceil((100 * packed.length) / packedBytesMax)
  if (percent <= 100) return percent
  throw new QueryError(
    'PackedPolicyTooLarge',
    `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  )
}
