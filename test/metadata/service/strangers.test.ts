// Who may not call a metadata service, and what the service makes of what is no call.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { RemoteMetadataStore } from '../../../metadata/remote/remote-metadata-store.ts'
import { ServiceRefused } from '../../../metadata/remote/service-refused.ts'
import { StoreUnavailable } from '../../../metadata/store-unavailable.ts'
import { callBytesMax } from '../../../metadata/wire/wire-limits.ts'
import { packValue } from '../../../metadata/wire/wire-value.ts'
import { BadRemoteOptions } from '../../../protocol/cluster/client-access.ts'
import { callToken } from '../../../protocol/cluster/cluster-secret.ts'
import { describe } from '../../support/describe.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { ServedMetadata, secret, secretOf } from '../served-metadata.ts'

const authorization = `authorization: Bearer ${callToken(secret, 'metadata service')}`
const deadline = 'holdfast-deadline: 5000'
const page = packValue([{ limit: 1 }], 'plain')

function call(path: string, headers: readonly string[], body: Buffer = page): Buffer {
  const lines = [`POST ${path} HTTP/1.1`, 'host: a', ...headers, '', '']
  return Buffer.concat([Buffer.from(lines.join('\r\n')), body])
}

/** All that comes until the other side is done or the answer is whole. */
async function answerOf(socket: Socket, sent: Buffer): Promise<string> {
  let text = ''
  socket.on('error', () => undefined)
  socket.write(sent)
  for await (const piece of socket) {
    text += piece
    const [head = '', body] = text.split('\r\n\r\n')
    const length = /content-length: (\d+)/i.exec(head)?.[1]
    if (body !== undefined && Buffer.byteLength(body) >= Number(length ?? 0)) break
  }
  socket.destroy()
  return text
}

async function withService(
  body: (service: { port: number; ask: (sent: Buffer) => Promise<string> }) => Promise<void>,
): Promise<void> {
  const served = await ServedMetadata.start()
  try {
    const port = Number(served.services[0]?.url.port)
    await body({ port, ask: (sent) => answerOf(connectTcp(port, '127.0.0.1'), sent) })
    const client = await served.client()
    assert.deepEqual(await client.tenants.list({ limit: 1 }), { tenants: [], isTruncated: false })
    assert.deepEqual(served.services[0]?.failures, [])
  } finally {
    await served.stop()
  }
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
}

describe('without the secret', (test) => {
  test('every path that may be a call is answered alike, with 401 and nothing else', () =>
    withService(async ({ ask }) => {
      const length = `content-length: ${page.length}`
      const wrong = `authorization: Bearer ${callToken(secretOf('another secret, of 32 bytes too.'), 'metadata service')}`
      const answers = new Set<string>()
      for (const path of ['/v1/tenants/list', '/v1/no/such', '/v2/tenants/list', '/v1/']) {
        for (const shown of [
          [],
          [wrong],
          ['authorization: Bearer'],
          ['authorization: Basic YTpi'],
        ]) {
          answers.add(await ask(call(path, [...shown, length, deadline])))
        }
      }
      assert.equal(answers.size, 1)
      assert.equal(statusOf([...answers].join()), 401)
    }))

  test('health is told, and nothing of what is kept', () =>
    withService(async ({ port, ask }) => {
      for (const [path, status] of [
        ['/health/live', 200],
        ['/health/ready', 200],
        ['/', 404],
        ['/objects/get', 404],
      ] as const) {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`)
        assert.equal(answer.status, status, path)
      }
      assert.equal(statusOf(await ask(Buffer.from('nonsense\r\n\r\n'))), 400)
    }))

  test('a client is told which service does not take its secret', async () => {
    const served = await ServedMetadata.start()
    try {
      const client = await served.client({ secret: secretOf('another secret, of 32 bytes too.') })
      await assert.rejects(client.tenants.list({ limit: 1 }), (cause: unknown) => {
        assert.ok(cause instanceof StoreUnavailable && cause.cause instanceof ServiceRefused)
        assert.match(cause.cause.message, /127\.0\.0\.1:\d+ does not take the secret/)
        return true
      })
    } finally {
      await served.stop()
    }
  })

  test('a client shows it to no other machine without TLS, and calls nobody without any', async () => {
    const options = { random: randomBytes, endpoints: [new URL('http://192.0.2.1:9002')] }
    await assert.rejects(RemoteMetadataStore.open({ ...options, secret }), BadRemoteOptions)
    await assert.rejects(
      RemoteMetadataStore.open({ ...options, endpoints: [new URL('https://192.0.2.1:9002')] }),
      BadRemoteOptions,
    )
    const allowed = await RemoteMetadataStore.open({ ...options, secret, unencrypted: 'allowed' })
    await allowed.close()
  })
})

describe('with the secret, what is no call', (test) => {
  const length = `content-length: ${page.length}`
  const well = [authorization, length, deadline]
  const odd: readonly (readonly [what: string, status: number, sent: Buffer])[] = [
    ['a verb that there is not', 501, call('/v1/objects/vanish', well)],
    ['a member that every object has', 501, call('/v1/objects/constructor', well)],
    ['a prototype', 501, call('/v1/__proto__/toString', well)],
    ['what nobody is served through', 501, call('/v1/lineage/watch', well)],
    ['the life of the store', 501, call('/v1/within/close', well)],
    ['another version', 404, call('/v2/tenants/list', well)],
    ['no length', 411, call('/v1/tenants/list', [authorization, deadline], Buffer.alloc(0))],
    [
      'pieces',
      411,
      call('/v1/tenants/list', [authorization, deadline, 'transfer-encoding: chunked']),
    ],
    ['no deadline', 400, call('/v1/tenants/list', [authorization, length])],
    [
      'a deadline that is no number',
      400,
      call('/v1/tenants/list', [authorization, length, 'holdfast-deadline: 1e9']),
    ],
    [
      'far too much',
      413,
      call('/v1/tenants/list', [authorization, deadline, `content-length: ${callBytesMax + 1}`]),
    ],
    [
      'a GET',
      405,
      Buffer.from(`GET /v1/tenants/list HTTP/1.1\r\nhost: a\r\n${authorization}\r\n\r\n`),
    ],
  ]
  for (const [what, status, sent] of odd) {
    test(`is told so: ${what} (${status})`, () =>
      withService(async ({ ask }) => assert.equal(statusOf(await ask(sent)), status)))
  }

  test('is told so: arguments that are none (400)', () =>
    withService(async ({ ask }) => {
      const bodies = [
        ...[packValue({ limit: 1 }, 'plain'), packValue([1, 2, 3, 4, 5], 'plain')],
        ...[page.subarray(0, -1), Buffer.alloc(100_000, 0x91), randomBytes(1000), Buffer.alloc(0)],
      ]
      for (const body of bodies) {
        const headers = [authorization, deadline, `content-length: ${body.length}`]
        assert.equal(statusOf(await ask(call('/v1/tenants/list', headers, body))), 400)
      }
    }))

  test('arguments of the wrong kind are a failure of the call alone, of which its sender learns an id', async () => {
    const served = await ServedMetadata.start()
    try {
      const client = await served.client()
      const get = client.objects.get as unknown as (...args: unknown[]) => Promise<unknown>
      await assert.rejects(get(undefined, 7), (cause: unknown) => {
        assert.ok(cause instanceof Error && cause.name === 'MetadataServiceFailed')
        assert.match(cause.message, /under [0-9a-f]{16}$/)
        return true
      })
      assert.equal(served.services[0]?.failures.length, 1)
      assert.equal((await client.tenants.list({ limit: 1 })).isTruncated, false)
    } finally {
      await served.stop()
    }
  })

  test('a sender that does not go on is cut off, and holds nothing any more', async () => {
    const served = await ServedMetadata.start(1, {
      sendingMsMax: 100,
      bounds: { callsMax: 1 },
    })
    try {
      const socket = connectTcp(Number(served.services[0]?.url.port), '127.0.0.1')
      const headers = [authorization, deadline, 'content-length: 1000']
      socket.on('error', () => undefined)
      socket.write(call('/v1/tenants/list', headers))
      socket.resume()
      await once(socket, 'close')
      const client = await served.client()
      assert.equal((await client.tenants.list({ limit: 1 })).isTruncated, false)
    } finally {
      await served.stop()
    }
  })
})

type Signed = { readonly cert: string; readonly key: string }

/** An authority, and certificates that it has signed. */
function authority(
  folder: string,
  name: string,
): { readonly ca: string; sign(of: string): Signed } {
  const at = (file: string) => join(folder, `${name}-${file}`)
  const openssl = (args: readonly string[]) => {
    const made = spawnSync('openssl', args)
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`)
  }
  const fresh = ['-newkey', 'rsa:2048', '-nodes']
  openssl([
    ...['req', '-x509', ...fresh, '-days', '1', '-subj', `/CN=${name}`],
    ...['-keyout', at('ca.key'), '-out', at('ca.pem')],
  ])
  return {
    ca: readFileSync(at('ca.pem'), 'utf8'),
    sign: (of) => {
      const [key, request, cert] = [at(`${of}.key`), at(`${of}.csr`), at(`${of}.pem`)]
      const names = ['-addext', 'subjectAltName=IP:127.0.0.1']
      openssl(['req', ...fresh, '-subj', `/CN=${of}`, ...names, '-keyout', key, '-out', request])
      openssl([
        ...['x509', '-req', '-in', request, '-CA', at('ca.pem'), '-CAkey', at('ca.key')],
        ...['-CAcreateserial', '-days', '1', '-copy_extensions', 'copyall', '-out', cert],
      ])
      return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
    },
  }
}

describe('with certificates', (test) => {
  const directory = makeTemporaryDirectory()
  test.after(() => directory.remove())
  const ours = authority(directory.path, 'ours')
  const theirs = authority(directory.path, 'theirs')
  const service = ours.sign('service')
  const client = ours.sign('client')
  const tls = { ...service, ca: ours.ca }
  const plain = call('/v1/tenants/list', [deadline, `content-length: ${page.length}`])

  test('who shows one of the authority may call, and nobody else', async () => {
    const served = await ServedMetadata.start(1, { tls, secret: 'none' })
    try {
      const endpoints = served.services.map(({ url }) => url)
      const options = { endpoints, random: randomBytes, deadlineMs: 3000 }
      const right = await RemoteMetadataStore.open({ ...options, tls: { ...client, ca: ours.ca } })
      assert.equal((await right.tenants.list({ limit: 1 })).isTruncated, false)
      const stranger = { ...theirs.sign('client'), ca: ours.ca }
      const wrong = await RemoteMetadataStore.open({ ...options, tls: stranger })
      await assert.rejects(wrong.tenants.list({ limit: 1 }), StoreUnavailable)
      const deceived = { ...client, ca: theirs.ca }
      const careful = await RemoteMetadataStore.open({ ...options, deadlineMs: 300, tls: deceived })
      await assert.rejects(careful.tenants.list({ limit: 1 }), StoreUnavailable)
      for (const each of [right, wrong, careful]) await each.close()
    } finally {
      await served.stop()
    }
  })

  test('who shows none gets 401, also on a session that is resumed', async () => {
    const served = await ServedMetadata.start(1, { tls, secret: 'none' })
    try {
      const port = Number(served.services[0]?.url.port)
      const open = async (session?: Buffer): Promise<TLSSocket> => {
        const to = { port, host: '127.0.0.1', ca: ours.ca, ...(session && { session }) }
        const socket = connectTls(to)
        await once(socket, 'secureConnect')
        return socket
      }
      const first = await open()
      const ticket = once(first, 'session')
      assert.equal(statusOf(await answerOf(first, plain)), 401)
      const [session] = await ticket
      const second = await open(session)
      assert.ok(second.isSessionReused())
      assert.equal(statusOf(await answerOf(second, plain)), 401)
    } finally {
      await served.stop()
    }
  })

  test('both are needed where both are set up', async () => {
    const served = await ServedMetadata.start(1, { tls })
    try {
      const options = { tls: { ...client, ca: ours.ca } }
      const both = await served.client(options)
      assert.equal((await both.tenants.list({ limit: 1 })).isTruncated, false)
      const endpoints = served.services.map(({ url }) => url)
      const alone = await RemoteMetadataStore.open({ endpoints, random: randomBytes, ...options })
      await assert.rejects(alone.tenants.list({ limit: 1 }), StoreUnavailable)
      await alone.close()
      const bare = await served.client({ tls: { ca: ours.ca } })
      await assert.rejects(bare.tenants.list({ limit: 1 }), StoreUnavailable)
    } finally {
      await served.stop()
    }
  })
})
