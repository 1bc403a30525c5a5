// Which permissions archive jobs ask for. A job reads and writes with those that were asked when it
// was made.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Identity } from '../access/identity.ts'
import type { Services } from '../s3/operation.ts'
import type { ArchiveOrder } from './archive-request.ts'

type Asking = {
  readonly services: Pick<Services, 'authorize'>
  readonly identity: Identity
}
type Question = readonly [action: string, bucket: string, key: string]

/** Throws `AccessDenied` unless all are granted. */
export async function permitAll(
  { services, identity }: Asking,
  questions: readonly Question[],
): Promise<void> {
  for (const [action, bucket, key] of questions) {
    const resource = { bucket, key }
    if (await services.authorize({ identity, action, resource })) continue
    throw new S3Error('AccessDenied')
  }
}

export function permitOrder(asking: Asking, order: ArchiveOrder): Promise<void> {
  const { bucketName, prefix, destination } = order
  return permitAll(asking, [
    ['holdfast:CreateArchive', bucketName, ''],
    ['s3:ListBucket', bucketName, ''],
    ['s3:GetObject', bucketName, prefix],
    ['s3:PutObject', destination.bucketName, destination.key],
  ])
}
