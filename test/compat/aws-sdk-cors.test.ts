// The AWS SDK for JavaScript: the CORS rules of a bucket.
import assert from 'node:assert'
import {
  type CORSRule,
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

const Bucket = 'pages'
const CORSRules: CORSRule[] = [
  {
    ID: 'uploads',
    AllowedMethods: ['PUT', 'POST'],
    AllowedOrigins: ['https://app.example.org', 'https://*.example.com'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 3000,
  },
  { AllowedMethods: ['GET'], AllowedOrigins: ['*'] },
]

function corsTests(workers: number): void {
  describe(`the AWS SDK on CORS, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket }))
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    const preflight = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'PUT' }
      const reply = await fetch(`${server.endpoint}/${Bucket}/k`, { method: 'OPTIONS', headers })
      return [reply.status, reply.headers.get('access-control-allow-origin')]
    }

    test('rules are set, shown, at work in every process, and removed', async () => {
      const absent = () => sdk.send(new GetBucketCorsCommand({ Bucket }))
      await rejectsWith(absent(), 'NoSuchCORSConfiguration', 404)
      await sdk.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
      const shown = await sdk.send(new GetBucketCorsCommand({ Bucket }))
      assert.deepStrictEqual(shown.CORSRules, CORSRules)
      for (let time = 0; time < 8; time += 1) {
        const allowed = await preflight('https://a.example.com')
        assert.deepStrictEqual(allowed, [200, 'https://a.example.com'])
        assert.deepStrictEqual(await preflight('https://a.example.org'), [403, null])
      }
      await sdk.send(new DeleteBucketCorsCommand({ Bucket }))
      await rejectsWith(absent(), 'NoSuchCORSConfiguration', 404)
      for (let time = 0; time < 8; time += 1) {
        assert.deepStrictEqual(await preflight('https://a.example.com'), [403, null])
      }
    })

    test('rules that there cannot be are refused as AWS does', async () => {
      const put = (rule: CORSRule) =>
        sdk.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }))
      const odd = { AllowedMethods: ['PATCH'], AllowedOrigins: ['*'] }
      const refused = await rejectsWith(put(odd), 'InvalidRequest', 400)
      assert.match(refused.message, /Unsupported method is PATCH$/)
      const empty = { AllowedMethods: [], AllowedOrigins: ['*'] }
      await rejectsWith(put(empty), 'MalformedXML', 400)
    })
  })
}

for (const workers of workerCounts) corsTests(workers)
