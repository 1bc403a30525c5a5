// Every client over TLS, with the server's own certificate as the one it trusts.
import assert from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { dirname } from 'node:path'
import { connect } from 'node:tls'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { describe, type Test } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { awsFor } from './aws-cli-client.ts'
import { bodyOf, sdkFor } from './aws-sdk-client.ts'
import {
  ClientServer,
  clientKey,
  clientRegion,
  sha256OfFile,
  sourceFile,
  workerCounts,
} from './client-server.ts'
import { fingerprintOf, writeTree } from './random-tree.ts'
import { rcloneFor } from './rclone-client.ts'
import { resticFor } from './restic-client.ts'
import { clientFor, describeWithClient } from './run-client.ts'
import { s3cmdFor } from './s3cmd-client.ts'
import { type CertificateFiles, makeCertificate } from './tls-certificate.ts'

const random = seededBytes()

type Secure = { readonly server: ClientServer; readonly files: CertificateFiles }

/** A suite with a TLS server of its own. */
function describeSecure(
  name: string,
  workers: number,
  define: (test: Test, of: () => Secure) => void,
) {
  describe(`${name} over TLS, ${workers} worker(s)`, (test) => {
    const folder = makeTemporaryDirectory()
    const files = makeCertificate(folder.path, 'first')
    let server: ClientServer
    test.before(async () => {
      const argv = ['--tls-cert', files.cert, '--tls-key', files.key, '--domain', 'localhost']
      server = await ClientServer.start(workers, { argv })
    })
    test.after(async () => {
      await server.close()
      folder.remove()
    })
    define(test, () => ({ server, files }))
  })
}

/** The name on the certificate that a new connection is shown. */
function nameShownAt(endpoint: string): Promise<string> {
  const { hostname: host, port } = new URL(endpoint)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      const name = socket.getPeerCertificate().subject.CN
      resolve(String(name))
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

function sdkTests(workers: number): void {
  describeSecure('the AWS SDK', workers, (test, of) => {
    const secureSdk = (): S3Client => {
      const httpsAgent = new Agent({ ca: readFileSync(of().files.cert), keepAlive: true })
      return sdkFor(of().server, { requestHandler: { httpsAgent } })
    }

    test('stores and reads, whatever the size', async () => {
      const sdk = secureSdk()
      await sdk.send(new CreateBucketCommand({ Bucket: 'secure' }))
      for (const bytes of [10, 100_000, 9_000_000]) {
        const Body = random.bytes(bytes)
        const target = { Bucket: 'secure', Key: `${bytes}` }
        await sdk.send(new PutObjectCommand({ ...target, Body }))
        const got = await sdk.send(new GetObjectCommand(target))
        assert.ok(Body.equals(await bodyOf(got)), `${bytes} bytes`)
      }
      sdk.destroy()
    })

    test('another certificate is shown after SIGHUP, and open connections go on', async () => {
      const { server, files } = of()
      const read = async (sdk: S3Client) => {
        const target = { Bucket: 'secure', Key: '100000' }
        return (await bodyOf(await sdk.send(new GetObjectCommand(target)))).length
      }
      const before = secureSdk()
      assert.strictEqual(await read(before), 100_000)
      assert.strictEqual(await nameShownAt(server.endpoint), 'first')
      makeCertificate(dirname(files.cert), 'second')
      server.process.child.kill('SIGHUP')
      // Every worker hears of it by itself.
      for (let seen = 0; seen < 20; ) {
        seen = (await nameShownAt(server.endpoint)) === 'second' ? seen + 1 : 0
      }
      assert.strictEqual(await read(before), 100_000)
      const after = secureSdk()
      assert.strictEqual(await read(after), 100_000)
      before.destroy()
      after.destroy()
    })
  })
}

function curlTests(workers: number): void {
  describeSecure('curl', workers, (test, of) => {
    test('signs by itself, and uses presigned addresses', async () => {
      const { server, files } = of()
      const curl = clientFor(server, ['curl', '-sS', '--fail-with-body', '--cacert', files.cert])
      const user = `${clientKey.accessKeyId}:${clientKey.secretAccessKey}`
      // Older versions of curl leave out a header that S3 asks for.
      const unsigned = ['-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD']
      const signed = ['--aws-sigv4', `aws:amz:${clientRegion}:s3`, '--user', user, ...unsigned]
      await curl.run(...signed, '-X', 'PUT', `${server.endpoint}/curled`)
      writeFileSync(server.path('file'), random.bytes(300_000))
      await curl.run(...signed, '-T', 'file', `${server.endpoint}/curled/signed`)
      assert.match(await curl.run(...signed, `${server.endpoint}/curled`), /<Size>300000</)
      const context = {
        credentials: { ...clientKey, region: clientRegion },
        signingKeys: new SigningKeyCache({ entriesMax: 1 }),
        nowMs: Date.now(),
      }
      const presign = (method: string) =>
        presignUrl(
          { method, origin: server.endpoint, path: '/curled/file', expiresSeconds: 60 },
          context,
        )
      await curl.run('-T', 'file', presign('PUT'))
      await curl.run('-o', 'got', presign('GET'))
      assert.strictEqual(sha256OfFile(server.path('got')), sha256OfFile(server.path('file')))
      await curl.fails(presign('DELETE').replace('curled', 'others'))
      await curl.fails(`${server.endpoint}/curled/file`)
    })
  })
}

function awsCliTests(workers: number): void {
  describeSecure('the AWS command line', workers, (test, of) => {
    test('with the certificate it is told of, or with none', async () => {
      const { server, files } = of()
      writeFileSync(server.path('large'), random.bytes(12_000_000))
      const aws = awsFor(server, '--ca-bundle', files.cert)
      await aws.run('s3', 'mb', 's3://secure')
      await aws.run('s3', 'cp', '--no-progress', 'large', 's3://secure/large')
      const careless = awsFor(server, '--no-verify-ssl')
      await careless.run('s3', 'cp', '--no-progress', 's3://secure/large', 'got')
      assert.strictEqual(sha256OfFile(server.path('got')), sha256OfFile(server.path('large')))
      assert.match(await awsFor(server).fails('s3', 'ls'), /certificate verify failed/i)
    })
  })
}

function boto3Tests(workers: number): void {
  describeSecure('boto3', workers, (test, of) => {
    test('all it does, streams with trailers too', async () => {
      const { server, files } = of()
      const python = clientFor(server, ['python3', sourceFile('boto3-client.py')])
      const printed = await python.run(server.endpoint, server.folder, files.cert)
      assert.match(printed, /listings\n$/)
    })
  })
}

function rcloneTests(workers: number): void {
  describeSecure('rclone', workers, (test, of) => {
    test('syncs a tree and fetches it back', async () => {
      const { server, files } = of()
      const rclone = rcloneFor(server, { RCLONE_CA_CERT: files.cert })
      writeTree(server.path('tree'), random, 100)
      await rclone.run('sync', 'tree', 'holdfast:secure')
      await rclone.run('copy', 'holdfast:secure', 'back')
      assert.deepStrictEqual(fingerprintOf(server.path('back')), fingerprintOf(server.path('tree')))
    })
  })
}

function s3cmdTests(workers: number): void {
  describeSecure('s3cmd', workers, (test, of) => {
    test('puts and gets', async () => {
      const { server, files } = of()
      const s3cmd = s3cmdFor(server, `ca_certs_file = ${files.cert}`)
      writeFileSync(server.path('file'), random.bytes(6_000_000))
      await s3cmd.run('mb', 's3://secure')
      await s3cmd.run('put', '--multipart-chunk-size-mb=5', 'file', 's3://secure/file')
      await s3cmd.run('get', 's3://secure/file', 'got')
      assert.strictEqual(sha256OfFile(server.path('got')), sha256OfFile(server.path('file')))
    })
  })
}

function resticTests(workers: number): void {
  describeSecure('restic', workers, (test, of) => {
    test('backs up, checks and restores', async () => {
      const { server, files } = of()
      const restic = resticFor(server, '--cacert', files.cert)
      writeTree(server.path('tree'), random, 100)
      await restic.run('init')
      await restic.run('backup', 'tree')
      await restic.run('check', '--read-data')
      await restic.run('restore', 'latest', '--target', 'back')
      const back = fingerprintOf(server.path('back/tree'))
      assert.deepStrictEqual(back, fingerprintOf(server.path('tree')))
    })
  })
}

const clients = [
  { name: 'curl', probe: ['curl', '--version'], tests: curlTests },
  { name: 'aws cli', probe: ['aws', '--version'], tests: awsCliTests },
  { name: 'boto3', probe: ['python3', '-c', 'import boto3, awscrt'], tests: boto3Tests },
  { name: 'rclone', probe: ['rclone', 'version'], tests: rcloneTests },
  { name: 's3cmd', probe: ['s3cmd', '--version'], tests: s3cmdTests },
  { name: 'restic', probe: ['restic', 'version'], tests: resticTests },
] as const

describeWithClient({ name: 'openssl', probe: ['openssl', 'version'] }, () => {
  for (const workers of workerCounts) sdkTests(workers)
  for (const { name, probe, tests } of clients) {
    describeWithClient({ name, probe }, () => {
      for (const workers of workerCounts) tests(workers)
    })
  }
})
