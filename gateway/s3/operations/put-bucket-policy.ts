// PutBucketPolicy. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
import type { CompiledPolicy } from '../../../protocol/policy/compile-policy.ts'
import { namedKeys } from '../../../protocol/policy/names-key-like.ts'
import { PolicyRefused } from '../../../protocol/policy/policy-refused.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { isPublic } from '../../../protocol/policy/public-policy.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { compileBucketPolicy } from '../../access/bucket-permissions.ts'
import { requireOwnAccount } from '../../access/owner.ts'
import { isKnownKey } from '../../access/policy-context.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

/** So much is read of one that is too long, for it to be told so. */
const readBytesMax = policySizes.bucket.max * 4

export const putBucketPolicy: Operation<BucketCall> = async (call) => {
  const { bucket, services } = call
  requireOwnAccount(call.identity, bucket)
  const text = await call.body.bytes(readBytesMax)
  const policy = parse(text, bucket.name)
  const { bucketConfigs } = services.metadata
  if (isPublic(policy) && (await isPublicBlocked(call))) {
    call.notes.decisions?.noteRefusal({ is: 'publicAccessBlock' })
    throw blocked()
  }
  const document = text.toString('utf8')
  const { is } = await bucketConfigs.put(bucket, 'policy', { document })
  if (is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 204 }
}

/** By the bucket, or by its account. */
async function isPublicBlocked({ bucket, services }: BucketCall): Promise<boolean> {
  const block = await services.metadata.bucketConfigs.get(bucket, 'publicAccessBlock')
  if (block?.document.blockPublicPolicy === true) return true
  const account = await services.accountBlocks.now(bucket.tenantId)
  return account?.blockPublicPolicy === true
}

function parse(text: Buffer, bucketName: string): CompiledPolicy {
  try {
    const policy = compileBucketPolicy(text, bucketName)
    requireKnownKeys(policy)
    return policy
  } catch (cause) {
    if (!(cause instanceof PolicyRefused)) throw cause
    // AWS says what is wrong; where, only we do.
    const detail = { Detail: cause.message }
    throw new S3Error('MalformedPolicy', detail, { message: cause.s3Message, cause })
  }
}

/** A condition that can never hold, or never fail, protects nothing, and so does a name that is never filled in. */
function requireKnownKeys({ statements }: CompiledPolicy): void {
  for (const statement of statements) {
    const unknown = namedKeys(statement).find((key) => !isKnownKey(key))
    if (unknown === undefined) continue
    const place = `Statement[${statement.index}]`
    const problem = `this server does not know the key ${unknown}`
    throw new PolicyRefused({ reason: 'condition key', place, problem })
  }
}

function blocked(): S3Error {
  return new S3Error('AccessDenied', undefined, {
    message:
      'The policy is public, and public policies are blocked by the BlockPublicPolicy setting.',
  })
}
