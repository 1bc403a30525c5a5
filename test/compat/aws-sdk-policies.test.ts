// The AWS SDK for JavaScript: the policy of a bucket, and what blocks public access.
import assert from 'node:assert'
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetPublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

const Bucket = 'opened'
const Policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' },
    Resource: `arn:aws:s3:::${Bucket}/*`,
  },
})

function policyTests(workers: number): void {
  describe(`the AWS SDK on bucket policies, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket }))
      await sdk.send(new PutObjectCommand({ Bucket, Key: 'page', Body: 'for all' }))
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })
    /** In several processes, one after the other. */
    const statuses = async () => {
      const replies = Array.from({ length: 8 }, () => fetch(`${server.endpoint}/${Bucket}/page`))
      return new Set((await Promise.all(replies)).map(({ status }) => status))
    }

    test('a public policy is refused while public access is blocked, as it is of a new bucket', async () => {
      const { PublicAccessBlockConfiguration: block } = await sdk.send(
        new GetPublicAccessBlockCommand({ Bucket }),
      )
      assert.deepStrictEqual(Object.values(block ?? {}), [true, true, true, true])
      await rejectsWith(
        sdk.send(new PutBucketPolicyCommand({ Bucket, Policy })),
        'AccessDenied',
        403,
      )
      await rejectsWith(sdk.send(new GetBucketPolicyCommand({ Bucket })), 'NoSuchBucketPolicy', 404)
    })

    test('it opens the bucket at once in every process, and its deletion closes it', async () => {
      await sdk.send(new DeletePublicAccessBlockCommand({ Bucket }))
      await rejectsWith(
        sdk.send(new GetPublicAccessBlockCommand({ Bucket })),
        'NoSuchPublicAccessBlockConfiguration',
        404,
      )
      await sdk.send(new PutBucketPolicyCommand({ Bucket, Policy }))
      assert.deepStrictEqual(await statuses(), new Set([200]))
      const { PolicyStatus: status } = await sdk.send(new GetBucketPolicyStatusCommand({ Bucket }))
      assert.strictEqual(status?.IsPublic, true)
      const found = await sdk.send(new GetBucketPolicyCommand({ Bucket }))
      assert.strictEqual(found.Policy, Policy)
      const block = { RestrictPublicBuckets: true }
      await sdk.send(
        new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block }),
      )
      assert.deepStrictEqual(await statuses(), new Set([403]))
      await sdk.send(new DeletePublicAccessBlockCommand({ Bucket }))
      assert.deepStrictEqual(await statuses(), new Set([200]))
      await sdk.send(new DeleteBucketPolicyCommand({ Bucket }))
      assert.deepStrictEqual(await statuses(), new Set([403]))
    })
  })
}

for (const workers of workerCounts) policyTests(workers)
