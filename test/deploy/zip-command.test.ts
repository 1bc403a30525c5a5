// `holdfast zip` against a server as people start it, also by way of connections that break.
import assert from 'node:assert'
import { type SpawnSyncReturns, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { sdkFor } from '../compat/aws-sdk-client.ts'
import { ClientServer, clientKey, clientRegion } from '../compat/client-server.ts'
import { describe } from '../support/describe.ts'
import { namesIn } from '../support/python-zip.ts'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
const mib = 1024 * 1024

const env = {
  AWS_ACCESS_KEY_ID: clientKey.accessKeyId,
  AWS_SECRET_ACCESS_KEY: clientKey.secretAccessKey,
  AWS_REGION: clientRegion,
}

type Ran = Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>

async function run(argv: readonly string[], environment: object = env): Promise<Ran> {
  const child = spawn(process.execPath, [program, 'zip', ...argv], { env: { ...environment } })
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

/** Passes connections on to the server; the first `breaks` of them end in the middle of the answer. */
async function brittleProxy(port: number, breaks: number): Promise<Server> {
  let left = breaks
  const proxy = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let room = left > 0 ? 3 * mib : Number.POSITIVE_INFINITY
    left -= 1
    client.pipe(upstream)
    upstream.on('data', (piece) => {
      room -= piece.length
      if (room > 0) client.write(piece)
      else {
        client.destroy()
        upstream.destroy()
      }
    })
    for (const socket of [client, upstream]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return proxy
}

function endpointOf(proxy: Server): string {
  const { port } = proxy.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

let server: ClientServer

describe('holdfast zip', (test) => {
  test.before(async () => {
    server = await ClientServer.start(2)
    const sdk = sdkFor(server)
    const put = (Bucket: string, Key: string, Body: Buffer | string) =>
      sdk.send(new PutObjectCommand({ Bucket, Key, Body }))
    for (const bucket of ['files', 'results']) {
      await sdk.send(new CreateBucketCommand({ Bucket: bucket }))
    }
    await put('files', 'docs/1.md', 'one')
    await put('files', 'docs/ü.md', 'two')
    await put('files', 'docs/large', Buffer.alloc(10 * mib, 'large'))
    sdk.destroy()
  })
  test.after(() => server.close())

  test('--output writes the archive, and shows its progress when it is asked to', async () => {
    const file = server.path('docs.zip')
    const ran = await run([server.endpoint, 'files/docs/', '--output', file, '--progress'])
    assert.equal(ran.status, 0, ran.stderr)
    assert.match(ran.stderr, /100 % {2}10\.0 MiB of 10\.0 MiB/)
    assert.deepStrictEqual(namesIn(readFileSync(file)), ['1.md', 'large', 'ü.md'])
    assert.equal(existsSync(`${file}.part`), false)
  })

  test('a download that breaks is resumed until it is whole', async () => {
    const proxy = await brittleProxy(Number(server.port), 3)
    const file = server.path('broken.zip')
    const ran = await run([endpointOf(proxy), 'files/docs/', '--output', file])
    proxy.close()
    assert.equal(ran.status, 0, ran.stderr)
    assert.deepStrictEqual(readFileSync(file), readFileSync(server.path('docs.zip')))
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
  })
})
