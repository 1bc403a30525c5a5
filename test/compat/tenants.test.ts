// The AWS SDK with buckets of a tenant that has names of its own: by its key alone, and by others in the tenant's domain.
import assert from 'node:assert'
import { Agent } from 'node:http'
import type { LookupFunction } from 'node:net'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { runHoldfast } from '../support/run-holdfast.ts'
import { bodyOf, rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, clientKey, workerCounts } from './client-server.ts'

const lookup: LookupFunction = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}

function tenantTests(workers: number): void {
  describe(`tenants with the AWS SDK, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    const clients: S3Client[] = []
    test.before(async () => {
      server = await ClientServer.start(workers, { argv: ['--domain', 'localhost'] })
    })
    test.after(async () => {
      for (const client of clients) client.destroy()
      await server.close()
    })

    async function makeTenant(name: string) {
      const ran = await runHoldfast(
        ['admin', 'tenant', 'create', name, '--json', '--admin', server.adminEndpoint],
        {
          HOLDFAST_ROOT_ACCESS_KEY: clientKey.accessKeyId,
          HOLDFAST_ROOT_SECRET_KEY: clientKey.secretAccessKey,
        },
      )
      assert.strictEqual(ran.code, 0, ran.err)
      const { id, key } = JSON.parse(ran.out)
      const credentials = {
        accessKeyId: String(key.accessKeyId),
        secretAccessKey: String(key.secretAccessKey),
      }
      return { id: String(id), credentials }
    }

    function sdk(of: { readonly credentials: typeof clientKey }, domain = 'localhost'): S3Client {
      const client = sdkFor(server, {
        ...{ credentials: of.credentials, forcePathStyle: false },
        endpoint: `http://${domain}:${server.port}`,
        requestHandler: { httpAgent: new Agent({ keepAlive: true, lookup }) },
      })
      clients.push(client)
      return client
    }

    test('share names and nothing else, and reach what they are let into', async () => {
      const [acme, bolt] = [await makeTenant('acme'), await makeTenant('bolt')]
      const own = sdk(acme)
      const Bucket = 'photos'
      for (const each of [own, sdk(bolt)]) await each.send(new CreateBucketCommand({ Bucket }))
      await own.send(new PutObjectCommand({ Bucket, Key: 'a b/ü', Body: 'of acme' }))
      const guest = sdk(bolt, 'acme.localhost')
      const get = new GetObjectCommand({ Bucket, Key: 'a b/ü' })
      await rejectsWith(guest.send(get), 'AccessDenied', 403)
      await own.send(new DeletePublicAccessBlockCommand({ Bucket }))
      const statement = {
        ...{ Effect: 'Allow', Principal: { AWS: bolt.id }, Action: 's3:*' },
        Resource: ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'],
      }
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
      await own.send(new PutBucketPolicyCommand({ Bucket, Policy }))
      assert.strictEqual(String(await bodyOf(await guest.send(get))), 'of acme')
      await guest.send(new PutObjectCommand({ Bucket, Key: 'from-bolt', Body: 'x' }))
      const { KeyCount } = await own.send(new ListObjectsV2Command({ Bucket }))
      assert.strictEqual(KeyCount, 2)
      const CopySource = 'acme:photos/a%20b/%C3%BC'
      await sdk(bolt).send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
      const copied = await sdk(bolt).send(new GetObjectCommand({ Bucket, Key: 'copy' }))
      assert.strictEqual(String(await bodyOf(copied)), 'of acme')
    })
  })
}

for (const workers of workerCounts) tenantTests(workers)
