// Addresses and forms that carry their own signature: what an application hands to browsers, beside the
// AWS SDK it uses itself. Signed by our own code; the SDK's own signer is tested through every request.
import assert from 'node:assert'
import { createHmac } from 'node:crypto'
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { describe } from '../support/describe.ts'
import { bodyOf, rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, clientKey, clientRegion, workerCounts } from './client-server.ts'

const Bucket = 'presigned'
const signingKeys = new SigningKeyCache({ entriesMax: 10 })

function presignedTests(workers: number): void {
  describe(`presigned addresses and forms, ${workers} worker(s)`, (test) => {
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

    function presign(
      method: string,
      key: string,
      { nowMs = Date.now(), ...rest }: { nowMs?: number; query?: Record<string, string> } = {},
    ): string {
      const credentials = { ...clientKey, region: clientRegion }
      const path = `/${Bucket}/${encodeURIComponent(key)}`
      const url = { method, origin: server.endpoint, path, expiresSeconds: 60, ...rest }
      return presignUrl(url, { credentials, signingKeys, nowMs })
    }

    test('PUT, GET, HEAD and DELETE with nothing but the address', async () => {
      const key = 'ü + %25&x'
      const put = await fetch(presign('PUT', key), { method: 'PUT', body: 'from a browser' })
      assert.strictEqual(put.status, 200)
      const got = await sdk.send(new GetObjectCommand({ Bucket, Key: key }))
      assert.strictEqual(String(await bodyOf(got)), 'from a browser')
      const query = { 'response-content-disposition': 'attachment; filename="a b"' }
      const reply = await fetch(presign('GET', key, { query }), { headers: { range: 'bytes=5-5' } })
      assert.deepStrictEqual([reply.status, await reply.text()], [206, 'a'])
      assert.strictEqual(reply.headers.get('content-disposition'), 'attachment; filename="a b"')
      const head = await fetch(presign('HEAD', key), { method: 'HEAD' })
      assert.strictEqual(head.headers.get('content-length'), '14')
      assert.strictEqual((await fetch(presign('DELETE', key), { method: 'DELETE' })).status, 204)
      await rejectsWith(sdk.send(new HeadObjectCommand({ Bucket, Key: key })), 'NotFound', 404)
    })

    test('an address is of no use later, for another key, or for another method', async () => {
      await sdk.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
      const old = await fetch(presign('GET', 'k', { nowMs: Date.now() - 120_000 }))
      assert.deepStrictEqual(
        [old.status, /Request has expired/.test(await old.text())],
        [403, true],
      )
      assert.strictEqual((await fetch(presign('GET', 'j').replace('/j?', '/k?'))).status, 403)
      const deletion = await fetch(presign('GET', 'k'), { method: 'DELETE' })
      assert.strictEqual(deletion.status, 403)
      assert.strictEqual((await fetch(`${server.endpoint}/${Bucket}/k`)).status, 403)
    })

    function form(file: string, bytesMax: number): FormData {
      const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
      const date = stamp.slice(0, 8)
      const credentialScope = `${date}/${clientRegion}/s3/aws4_request`
      const credential = `${clientKey.accessKeyId}/${credentialScope}`
      const fields = {
        key: 'from forms/x.txt',
        'x-amz-meta-from': 'form',
        success_action_status: '201',
        'x-amz-algorithm': 'AWS4-HMAC-SHA256',
        'x-amz-credential': credential,
        'x-amz-date': stamp,
      }
      const exact = Object.entries(fields).map(([name, value]) => ({ [name]: value }))
      const expiration = new Date(Date.now() + 60_000).toISOString()
      const conditions = [{ bucket: Bucket }, ['content-length-range', 1, bytesMax], ...exact]
      const text = JSON.stringify({ expiration, conditions })
      const policy = Buffer.from(text).toString('base64')
      const { accessKeyId, secretAccessKey } = clientKey
      const scope = { accessKeyId, date, region: clientRegion, credential, credentialScope }
      const key = signingKeys.keyFor(scope, secretAccessKey)
      const signature = createHmac('sha256', key).update(policy).digest('hex')
      const data = new FormData()
      const all = { ...fields, policy, 'x-amz-signature': signature }
      for (const [name, value] of Object.entries(all)) data.append(name, value)
      data.append('file', new Blob([file], { type: 'text/plain' }), 'x.txt')
      return data
    }

    test('PostObject: a form uploads what its policy allows, and nothing else', async () => {
      const url = `${server.endpoint}/${Bucket}`
      const posted = await fetch(url, { method: 'POST', body: form('posted', 10) })
      assert.strictEqual(posted.status, 201)
      assert.match(await posted.text(), /<Key>from forms\/x\.txt<\/Key>/)
      const got = await sdk.send(new GetObjectCommand({ Bucket, Key: 'from forms/x.txt' }))
      assert.deepStrictEqual(got.Metadata, { from: 'form' })
      assert.strictEqual(String(await bodyOf(got)), 'posted')
      const large = await fetch(url, { method: 'POST', body: form('too large for it', 10) })
      assert.deepStrictEqual([large.status, /EntityTooLarge/.test(await large.text())], [400, true])
      const changed = form('posted', 10)
      changed.set('x-amz-meta-from', 'elsewhere')
      assert.strictEqual((await fetch(url, { method: 'POST', body: changed })).status, 403)
    })
  })
}

for (const workers of workerCounts) presignedTests(workers)
