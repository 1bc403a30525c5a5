// The AWS SDK set up for another region than the server's, as people have it who come from elsewhere.
import assert from 'node:assert'
import {
  CreateBucketCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { bodyOf, rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer } from './client-server.ts'

const Bucket = 'from-elsewhere'

describe('the AWS SDK set up for another region', (test) => {
  test('is told the right one, by a server that takes one only', async () => {
    const server = await ClientServer.start(1)
    for (const region of ['auto', 'eu-west-1']) {
      const sdk = sdkFor(server, { region })
      const refused = sdk.send(new ListBucketsCommand({}))
      const error = await rejectsWith(refused, 'AuthorizationHeaderMalformed', 400)
      assert.match(error.message, /expecting 'us-east-1'/)
      sdk.destroy()
    }
    await server.close()
  })

  test('works with a server that takes any', async () => {
    const server = await ClientServer.start(2, { argv: ['--any-region'] })
    for (const region of ['auto', 'eu-west-1', 'us-east-1']) {
      const sdk = sdkFor(server, { region })
      const bucket = `${Bucket}-${region}`
      // By itself, the SDK puts its region into the request.
      await sdk.send(new CreateBucketCommand({ Bucket: bucket }))
      await sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: region }))
      const reply = await sdk.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }))
      assert.equal((await bodyOf(reply)).toString(), region)
      const { LocationConstraint } = await sdk.send(
        new GetBucketLocationCommand({ Bucket: bucket }),
      )
      assert.ok(LocationConstraint === undefined || String(LocationConstraint) === '')
      sdk.destroy()
    }
    await server.close()
  })
})
