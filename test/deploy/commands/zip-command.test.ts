// `holdfast zip` against a server as people start it, also by way of connections that break.
import assert from 'node:assert'
import { type ChildProcess, type SpawnSyncReturns, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { SignedClient } from '../../../deploy/zip/signed-client.ts'
import { sdkFor } from '../../compat/aws-sdk-client.ts'
import { ClientServer, clientKey, clientRegion } from '../../compat/client-server.ts'
import { describe } from '../../support/describe.ts'
import { namesIn } from '../../support/python-zip.ts'

const program = fileURLToPath(new URL('../../../deploy/holdfast.js', import.meta.url))
const mib = 1024 * 1024

const env = {
  AWS_ACCESS_KEY_ID: clientKey.accessKeyId,
  AWS_SECRET_ACCESS_KEY: clientKey.secretAccessKey,
  AWS_REGION: clientRegion,
}

type Ran = Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>

async function run(
  argv: readonly string[],
  environment: object = env,
  onStart: (child: ChildProcess) => void = () => {},
): Promise<Ran> {
  const child = spawn(process.execPath, [program, 'zip', ...argv], { env: { ...environment } })
  onStart(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (piece) => {
    stdout += piece
  })
  child.stderr.on('data', (piece) => {
    stderr += piece
  })
  await once(child, 'close')
  return { status: child.exitCode, stdout, stderr }
}

type Proxy = {
  readonly server: Server
  /** What clients have sent. */
  sent: string
}

/**
 * Passes connections on to the server. The first ones pass so many bytes of answers as `rooms` says, and
 * then end, or stall.
 */
async function brittleProxy(
  port: number,
  rooms: readonly number[],
  then: 'ends' | 'stalls' = 'ends',
): Promise<Proxy> {
  const left = [...rooms]
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let room = left.shift() ?? Number.POSITIVE_INFINITY
    client.on('data', (piece) => {
      proxy.sent += piece
      upstream.write(piece)
    })
    upstream.on('data', (piece) => {
      room -= piece.length
      if (room > 0) client.write(piece)
      else if (then === 'ends') client.destroy()
    })
    for (const socket of [client, upstream]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
  })
  const proxy = { server, sent: '' }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return proxy
}

function endpointOf({ server }: Proxy): string {
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

let server: ClientServer
let sdk: S3Client

async function putObject(Key: string, Body: Buffer | string): Promise<void> {
  await sdk.send(new PutObjectCommand({ Bucket: 'files', Key, Body }))
}

async function deleteObject(Key: string): Promise<void> {
  await sdk.send(new DeleteObjectCommand({ Bucket: 'files', Key }))
}

/** What the note beside a partial file says of an archive. */
async function fetchHead(target: string) {
  const credentials = { ...clientKey, region: clientRegion }
  const client = new SignedClient(new URL(server.endpoint), credentials)
  const { headers } = await client.send({ method: 'HEAD', target })
  return {
    etag: String(headers.etag).replaceAll('"', ''),
    totalBytes: Number(headers['content-length']),
    crc32: headers['x-holdfast-crc32'],
  }
}

describe('holdfast zip', (test) => {
  test.before(async () => {
    server = await ClientServer.start(2)
    sdk = sdkFor(server)
    for (const bucket of ['files', 'results']) {
      await sdk.send(new CreateBucketCommand({ Bucket: bucket }))
    }
    await putObject('docs/1.md', 'one')
    await putObject('docs/ü.md', 'two')
    await putObject('docs/large', Buffer.alloc(10 * mib, 'large'))
  })
  test.after(() => {
    sdk.destroy()
    return server.close()
  })

  test('--output writes the archive, and shows its progress when it is asked to', async () => {
    const file = server.path('docs.zip')
    const ran = await run([server.endpoint, 'files/docs/', '--output', file, '--progress'])
    assert.equal(ran.status, 0, ran.stderr)
    assert.match(ran.stderr, /100 % {2}10\.0 MiB of 10\.0 MiB/)
    assert.deepStrictEqual(namesIn(readFileSync(file)), ['1.md', 'large', 'ü.md'])
    assert.match(
      ran.stdout,
      /^Wrote \S+docs\.zip: 10\.0 MiB in \d+\.\d s; length and CRC-32 are those of the server\.\n$/,
    )
    assert.equal(existsSync(`${file}.part`), false)
  })

  test('a download that breaks is resumed until it is whole', async () => {
    const proxy = await brittleProxy(Number(server.port), [3 * mib, 3 * mib, 3 * mib])
    const file = server.path('broken.zip')
    const ran = await run([endpointOf(proxy), 'files/docs/', '--output', file])
    proxy.server.close()
    assert.equal(ran.status, 0, ran.stderr)
    assert.deepStrictEqual(readFileSync(file), readFileSync(server.path('docs.zip')))
  })

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    test(`a download that was ended by ${signal} goes on when it is asked for again`, async () => {
      const proxy = await brittleProxy(Number(server.port), [6 * mib], 'stalls')
      const file = server.path(`${signal}.zip`)
      const argv = [endpointOf(proxy), 'files/docs/', '--output', file]
      const cut = await run(argv, env, async (child) => {
        while ((statSync(`${file}.part`, { throwIfNoEntry: false })?.size ?? 0) < 4 * mib) {
          await setTimeout(10)
        }
        child.kill(signal)
      })
      assert.equal(cut.status, signal === 'SIGINT' ? 130 : null)
      if (signal === 'SIGINT') assert.match(cut.stderr, /interrupted\. .*\.part/)
      assert.equal(existsSync(file), false)
      await putObject(`docs/later ${signal}`, 'changes the prefix')
      proxy.sent = ''
      const ran = await run(argv)
      proxy.server.close()
      assert.equal(ran.status, 0, ran.stderr)
      assert.match(ran.stdout, /^Wrote .*: 10\.0 MiB \(\d\.\d MiB from before\) in /)
      const [, from] = /^range: bytes=(\d+)-\r$/im.exec(proxy.sent) ?? []
      assert.ok(Number(from) >= 4 * mib, proxy.sent)
      assert.deepStrictEqual(readFileSync(file), readFileSync(server.path('docs.zip')))
      assert.equal(existsSync(`${file}.part`) || existsSync(`${file}.part.json`), false)
      await deleteObject(`docs/later ${signal}`)
    })
  }

  test('what an earlier run has left of something else, or spoilt, is not used', async () => {
    const file = server.path('spoilt.zip')
    const argv = [server.endpoint, 'files/docs/', '--output', file]
    writeFileSync(`${file}.part`, Buffer.alloc(mib, 'something else'))
    assert.equal((await run(argv)).status, 0)
    assert.deepStrictEqual(readFileSync(file), readFileSync(server.path('docs.zip')))
    const head = await fetchHead('/files/docs/?zip')
    const source = `${server.endpoint}/files?zip=&prefix=docs%2F`
    writeFileSync(`${file}.part`, Buffer.alloc(mib, 'something else'))
    writeFileSync(`${file}.part.json`, JSON.stringify({ source, ...head }))
    const spoilt = await run(argv)
    assert.equal(spoilt.status, 1)
    assert.match(spoilt.stderr, /has the CRC-32 .* thrown away/)
    assert.equal((await run(argv)).status, 0)
    assert.deepStrictEqual(readFileSync(file), readFileSync(server.path('docs.zip')))
  })

  test('--archive goes on waiting when the server does not answer for a while', async () => {
    const proxy = await brittleProxy(Number(server.port), [900, 1])
    const argv = [endpointOf(proxy), 'files/docs/', '--archive', 'results/waited.zip']
    const ran = await run([...argv, '--progress'])
    proxy.server.close()
    assert.equal(ran.status, 0, ran.stderr)
    assert.match(ran.stderr, /does not answer/)
    assert.match(ran.stdout, /waited\.zip/)
  })

  test('a server that is not there, and a key that is wrong, are told at once', async () => {
    const file = server.path('none.zip')
    const nobody = await run(['http://127.0.0.1:1', 'files', '--output', file])
    assert.equal(nobody.status, 1)
    assert.match(nobody.stderr, /The server cannot be reached .*127\.0\.0\.1:1/)
    for (const wrong of [{ AWS_SECRET_ACCESS_KEY: 'x' }, { AWS_ACCESS_KEY_ID: 'nobody' }]) {
      for (const to of [
        ['--output', file],
        ['--archive', 'results/x.zip'],
      ]) {
        const ran = await run([server.endpoint, 'files', ...to], { ...env, ...wrong })
        assert.equal(ran.status, 1)
        assert.match(ran.stderr, /403 (SignatureDoesNotMatch|InvalidAccessKeyId)/)
      }
    }
    assert.equal(existsSync(file) || existsSync(`${file}.part`), false)
  })

  test('--archive waits for the job and prints a URL that gives the same bytes', async () => {
    const argv = [
      server.endpoint,
      's3://files/docs/',
      '--archive',
      'results/docs.zip',
      '--progress',
    ]
    const ran = await run([...argv, '--expires', '1h'])
    assert.equal(ran.status, 0, ran.stderr)
    assert.match(ran.stderr, /100 % .* 3 of 3 entries/)
    // Beside the URL, which programs take from stdout.
    assert.match(
      ran.stderr,
      /^The server stored s3:\/\/results\/docs\.zip: 10\.0 MiB, 3 entries, in /m,
    )
    assert.match(ran.stdout, /^http\S+\n$/)
    const fetched = await fetch(ran.stdout.trim())
    const bytes = Buffer.from(await fetched.arrayBuffer())
    assert.deepStrictEqual(bytes, readFileSync(server.path('docs.zip')))
    const again = await run(argv)
    assert.equal(again.status, 0, again.stderr)
  })

  test('what the server refuses is told, and leaves no file', async () => {
    const file = server.path('nothing.zip')
    const ran = await run([server.endpoint, 'not-there', '--output', file])
    assert.equal(ran.status, 1)
    assert.match(ran.stderr, /404 NoSuchBucket/)
    assert.equal(existsSync(file), false)
    const archive = await run([server.endpoint, 'files', '--archive', 'not-there/x.zip'])
    assert.match(archive.stderr, /404 NoSuchBucket/)
  })

  test('a command line that cannot be followed ends with what is wrong, and how it is used', async () => {
    for (const argv of [
      [],
      [server.endpoint],
      [server.endpoint, 'files'],
      ['not an endpoint', 'files', '--output', 'x'],
      [server.endpoint, '/', '--output', 'x'],
      [server.endpoint, 'files', '--archive', 'no-key'],
      [server.endpoint, 'files', '--output', 'x', '--archive', 'a/b'],
      [server.endpoint, 'files', '--colour'],
      [server.endpoint, 'files', '--archive', 'a/b', '--expires', 'soon'],
    ]) {
      const ran = await run(argv)
      assert.deepStrictEqual([ran.status, ran.stdout], [2, ''], argv.join(' '))
      assert.match(ran.stderr, /holdfast zip ENDPOINT/)
    }
    const ran = await run([server.endpoint, 'files', '--output', 'x'], {})
    assert.match(ran.stderr, /AWS_ACCESS_KEY_ID/)
  })

  test('--output into a folder that is not there fails without a trace', async () => {
    writeFileSync(server.path('plain'), '')
    const ran = await run([server.endpoint, 'files', '--output', server.path('plain/x.zip')])
    assert.equal(ran.status, 1)
    assert.match(ran.stderr, /ENOTDIR/)
    const folder = await run([server.endpoint, 'files', '--output', server.folder])
    assert.equal(folder.status, 1)
    assert.match(folder.stderr, /is a folder/)
    assert.equal(existsSync(`${server.folder}.part`), false)
  })
})
