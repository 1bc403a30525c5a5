// A prefix as one zip, fetched with curl and aria2c, and opened with every archiver at hand.
// HOLDFAST_ZIP_FILES=20000 makes the tree as large as people's are.
import assert from 'node:assert'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { sdkFor } from './aws-sdk-client.ts'
import { ClientServer, clientKey, sha256OfFile, workerCounts } from './client-server.ts'
import { fingerprintOf, writeTree } from './random-tree.ts'
import { clientFor, describeWithClient } from './run-client.ts'
import { archivers, uploadTree, zipUrl } from './zip-client.ts'

const random = seededBytes()
const Bucket = 'zips'
const treeFiles = Number(process.env.HOLDFAST_ZIP_FILES ?? 500)
const mib = 1024 * 1024

function downloadTests(workers: number): void {
  describe(`zip downloads with curl, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    const run = (command: string, ...argv: string[]) => clientFor(server, [command]).run(...argv)
    const curl = (...argv: string[]) => run('curl', '-sSf', ...argv)
    const etagOf = async (prefix: string) => {
      const head = await fetch(zipUrl(server, prefix, { method: 'HEAD' }), { method: 'HEAD' })
      assert.strictEqual(head.status, 200)
      return head.headers.get('etag') ?? ''
    }
    const change = () =>
      sdk.send(new PutObjectCommand({ Bucket, Key: 'tree/changed', Body: random.bytes(1000) }))

    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket }))
      writeTree(server.path('tree'), random, treeFiles)
      writeFileSync(server.path('tree/large.bin'), random.bytes(20 * mib))
      await uploadTree(sdk, { Bucket, prefix: 'tree/' }, server.path('tree'))
      await curl('-o', 'tree.zip', zipUrl(server, `${Bucket}/tree/`))
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    for (const { name, probe, test: command } of archivers) {
      const [program = '', ...argv] = command
      describeLater(name, probe, () => run(program, ...argv, 'tree.zip'))
    }

    function describeLater(
      name: string,
      probe: readonly string[],
      check: () => Promise<string>,
    ): void {
      test(`${name} finds the archive sound`, async () => {
        const [program = '', ...argv] = probe
        if (await isMissing(program, argv)) {
          assert.ok(!process.env.HOLDFAST_REQUIRE_CLIENTS, `${name} is demanded and missing`)
          console.log(`not run: ${name} is not installed`)
          return
        }
        await check()
      })
    }

    async function isMissing(program: string, argv: readonly string[]): Promise<boolean> {
      try {
        return (await clientFor(server, [program]).attempt(...argv)).code !== 0
      } catch {
        return true
      }
    }

    test('what unzip extracts is the tree that was uploaded', async () => {
      // What Linux takes and the archive escapes comes back under another name.
      const escaped = /back|colon:|percent/
      await run('unzip', '-q', 'tree.zip', '-d', 'out')
      const plain = (lines: readonly string[]) => lines.filter((line) => !escaped.test(line))
      const [got, sent] = [fingerprintOf(server.path('out')), fingerprintOf(server.path('tree'))]
      assert.strictEqual(got.length, sent.length)
      assert.deepStrictEqual(plain(got), plain(sent))
      rmSync(server.path('out'), { recursive: true })
    })

    test('curl signs the request by itself', async () => {
      const user = `${clientKey.accessKeyId}:${clientKey.secretAccessKey}`
      // S3 demands this header, and older curls do not send it by themselves.
      const payload = 'x-amz-content-sha256: UNSIGNED-PAYLOAD'
      const signed = ['--aws-sigv4', 'aws:amz:us-east-1:s3', '--user', user, '-H', payload]
      const url = `${server.endpoint}/${Bucket}/tree/?zip=`
      await curl(...signed, '-o', 'signed.zip', url)
      assert.strictEqual(
        sha256OfFile(server.path('signed.zip')),
        sha256OfFile(server.path('tree.zip')),
      )
      assert.strictEqual((await fetch(url)).status, 403)
    })

    test('curl goes on where it was cut, though the prefix has changed since', async () => {
      const url = zipUrl(server, `${Bucket}/tree/`)
      await curl('-o', 'cut.zip', url)
      const whole = sha256OfFile(server.path('cut.zip'))
      for (const share of [0.9, 0.5, 0.001]) {
        await change()
        truncateSync(
          server.path('cut.zip'),
          Math.floor(statSync(server.path('cut.zip')).size * share),
        )
        await curl('-C', '-', '-o', 'cut.zip', url)
        assert.strictEqual(sha256OfFile(server.path('cut.zip')), whole)
      }
    })

    test('curl fetches segments side by side while the prefix changes, and they fit', async () => {
      const url = zipUrl(server, `${Bucket}/tree/`)
      const etag = await etagOf(`${Bucket}/tree/`)
      await curl('-H', `If-Match: ${etag}`, '-o', 'whole.zip', url)
      const { size } = statSync(server.path('whole.zip'))
      const step = Math.ceil(size / 8)
      const segments = Array.from({ length: 8 }, (_, index) => `segment-${index}`)
      await Promise.all(
        segments.map(async (name, index) => {
          await change()
          const range = `${index * step}-${Math.min(size, (index + 1) * step) - 1}`
          await curl('-H', `If-Match: ${etag}`, '-r', range, '-o', name, url)
        }),
      )
      const joined = Buffer.concat(segments.map((name) => readFileSync(server.path(name))))
      assert.ok(joined.equals(readFileSync(server.path('whole.zip'))))
    })

    test('parts by number, as many as are said, make the whole', async () => {
      const etag = await etagOf(`${Bucket}/tree/`)
      const parts: Buffer[] = []
      let count = 1
      for (let number = 1; number <= count; number += 1) {
        const query = { partNumber: String(number) }
        const headers = { 'if-match': etag }
        const reply = await fetch(zipUrl(server, `${Bucket}/tree/`, { query }), { headers })
        assert.strictEqual(reply.status, 206)
        count = Number(reply.headers.get('x-amz-mp-parts-count'))
        parts.push(Buffer.from(await reply.arrayBuffer()))
      }
      await curl('-H', `If-Match: ${etag}`, '-o', 'parts.zip', zipUrl(server, `${Bucket}/tree/`))
      assert.ok(Buffer.concat(parts).equals(readFileSync(server.path('parts.zip'))))
    })

    test('a bad chunk on the disk breaks every download off, and curl says so', async () => {
      const url = zipUrl(server, `${Bucket}/tree/`)
      const etag = await etagOf(`${Bucket}/tree/`)
      await spoilDisk(server.chunks)
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const { code } = await clientFor(server, ['curl']).attempt(
          ...['-sSf', '-H', `If-Match: ${etag}`, '-o', 'broken.zip', url],
        )
        assert.notStrictEqual(code, 0)
      }
    })
  })
}

/** Changes a byte in every 256 KiB of the middle of the largest file: the large object is there. */
async function spoilDisk(chunks: string): Promise<void> {
  const files = readdirSync(chunks, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/mdb/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  for (const path of files) {
    const file = await open(path, 'r+')
    try {
      const used = Math.min(statSync(path).size, 30 * mib)
      for (let at = 2 * mib; at < used; at += mib / 4) {
        const byte = Buffer.alloc(1)
        await file.read(byte, 0, 1, at)
        byte[0] = (byte[0] ?? 0) ^ 0x55
        await file.write(byte, 0, 1, at)
      }
    } finally {
      await file.close()
    }
  }
}

function segmentTests(workers: number): void {
  describe(`zip downloads with aria2c, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket }))
      writeTree(server.path('tree'), random, 100)
      for (const name of ['one', 'two'])
        writeFileSync(server.path(`tree/${name}`), random.bytes(12 * mib))
      await uploadTree(sdk, { Bucket, prefix: 'tree/' }, server.path('tree'))
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    test('eight segments at once make the archive that curl gets whole', async () => {
      const url = zipUrl(server, `${Bucket}/tree/`)
      const aria = ['-x8', '-s8', '-k1M', '--file-allocation=none', '-q', '-o', 'segments.zip', url]
      await clientFor(server, ['aria2c']).run(...aria)
      await clientFor(server, ['curl']).run('-sSf', '-o', 'whole.zip', url)
      assert.strictEqual(
        sha256OfFile(server.path('segments.zip')),
        sha256OfFile(server.path('whole.zip')),
      )
    })
  })
}

describeWithClient({ name: 'curl', probe: ['curl', '--version'] }, () => {
  for (const workers of workerCounts) downloadTests(workers)
})
describeWithClient({ name: 'aria2c', probe: ['aria2c', '--version'] }, () => {
  for (const workers of workerCounts) segmentTests(workers)
})
