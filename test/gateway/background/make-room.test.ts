// A full disk takes writes again once something is deleted, though archives of it were downloaded before:
// idle downloads lose what they hold, and bundles do not.
import assert from 'node:assert'
import { makeRoom } from '../../../gateway/background/make-room.ts'
import { logTo } from '../../../gateway/log.ts'
import { dropIdleArchives } from '../../../gateway/zip/sweep-manifests.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'
import { doTasks } from '../../support/do-tasks.ts'
import { limitedDisk } from '../../support/limited-disk.ts'
import { askPlain, askSigned, jsonOf, targetOf, textIn } from '../../support/own-routes-client.ts'
import { RawConnection, type RawResponse } from '../../support/raw-connection.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { RunningServer } from '../../support/start-server.ts'
import { exchange, signed } from '../../support/wire-request.ts'

const random = seededBytes()
const mib = 1024 * 1024
const objectBytes = 4 * mib
const minute = 60_000

class FullServer {
  readonly server: RunningServer
  readonly logged: string[] = []
  keys: string[] = []
  private readonly room: ReturnType<typeof makeRoom>
  /** Of who makes room. */
  laterMs = minute

  private constructor(server: RunningServer) {
    this.server = server
    const { metadata } = server.stores
    this.room = makeRoom({
      metadata,
      node: server.stores.blobs,
      dropIdle: (limit) => dropIdleArchives(metadata, { nowMs: Date.now() + this.laterMs, limit }),
      log: logTo((_level, event) => this.logged.push(event)),
    })
  }

  static async run(body: (full: FullServer) => Promise<void>): Promise<void> {
    const disk = { vfs: limitedDisk(144 * mib), segmentBytes: 16 * mib, reserveBytes: 16 * mib }
    const server = await RunningServer.start({ disk })
    try {
      const full = new FullServer(server)
      for (const bucket of ['files', 'few']) {
        assert.equal((await full.ask('PUT', `/${bucket}`)).status, 200)
      }
      await body(full)
      for (const { details } of server.logged) {
        const { cause } = details
        assert.ok(cause instanceof S3Error && cause.code === 'InsufficientStorage', String(cause))
      }
    } finally {
      await server.stop()
    }
  }

  ask(method: string, target: string, headers: Record<string, string> = {}): Promise<RawResponse> {
    return exchange(this.server.port, { method, target, headers })
  }

  async put(key: string): Promise<number> {
    const body = random.bytes(objectBytes)
    const request = { method: 'PUT', target: `/files/${key}`, body }
    return (await exchange(this.server.port, request)).status
  }

  /** Until a write is refused. */
  async fill(): Promise<void> {
    for (let number = 0; ; number += 1) {
      const status = await this.put(`p/${number}`)
      if (status === 507) return
      assert.equal(status, 200)
      this.keys.push(`p/${number}`)
      assert.ok(number < 100)
    }
  }

  async deleteHalf(): Promise<void> {
    for (const key of this.keys.slice(0, this.keys.length / 2)) {
      assert.equal((await this.ask('DELETE', `/files/${key}`)).status, 204)
    }
  }

  /** What a server does in the background within a minute. */
  async work(): Promise<void> {
    const { metadata, blobs } = this.server.stores
    for (let look = 0; look < 8; look += 1) {
      await this.room.run(new AbortController().signal)
      await doTasks(metadata.outbox, (blob) => blobs.delete([blob]))
      await blobs.maintain()
      while ((await blobs.reclaim(64 * mib)).is === 'worked');
    }
    // What was known of the disk is a second old at most.
    await new Promise((resolve) => setTimeout(resolve, 1100))
  }
}

describe('a full disk', (test) => {
  test('takes writes again when half of it is deleted, though it was downloaded as a zip', () =>
    FullServer.run(async (full) => {
      await full.fill()
      const zip = await full.ask('GET', '/files/p/?zip')
      assert.equal(zip.status, 200)
      await full.deleteHalf()
      assert.equal(await full.put('more'), 507)
      await full.work()
      assert.equal(await full.put('more'), 200)
      assert.ok(full.logged.length > 0)
      // Whoever resumes is told that this archive is no more.
      const etag = zip.headers.get('etag') ?? ''
      const matched = await full.ask('GET', '/files/p/?zip', { 'if-match': etag })
      assert.equal(matched.status, 412)
      const range = { range: 'bytes=1000-', 'if-range': etag }
      const resumed = await full.ask('GET', '/files/p/?zip', range)
      assert.equal(resumed.status, 200)
      assert.notEqual(resumed.headers.get('etag'), etag)
    }))

  test('does not take from a download that is under way, and takes it when that has ended', () =>
    FullServer.run(async (full) => {
      await full.fill()
      const connection = await RawConnection.open(full.server.port)
      connection.socket.pause()
      await connection.send(signed({ target: '/files/p/?zip' }).bytes)
      while (connection.socket.bytesRead === 0)
        await new Promise((resolve) => setImmediate(resolve))
      await full.deleteHalf()
      full.laterMs = 0
      await full.work()
      assert.equal(await full.put('more'), 507)
      connection.socket.resume()
      const response = await connection.response('GET')
      assert.equal(Number(response.headers.get('content-length')), response.body.length)
      connection.socket.destroy()
      full.laterMs = minute
      await full.work()
      assert.equal(await full.put('more'), 200)
    }))

  test('takes nothing from a bundle, which was promised, nor from a zip that holds nothing back', () =>
    FullServer.run(async (full) => {
      await full.fill()
      assert.equal((await full.ask('GET', '/few?zip')).status, 200)
      const zip = await full.ask('GET', '/files/p/1?zip')
      const json = { bucket: 'files', entries: [{ key: 'p/0' }] }
      const asked = { method: 'POST', target: '/-/bundles', json }
      const bundle = jsonOf(await askSigned(full.server.port, asked), 201)
      assert.equal((await full.ask('DELETE', '/files/p/0')).status, 204)
      await full.work()
      assert.deepEqual(full.logged, ['space is short: bundles hold what was deleted'])
      const download = { target: targetOf(textIn(bundle, 'url')) }
      assert.equal((await askPlain(full.server.port, download)).status, 200)
      const etag = zip.headers.get('etag') ?? ''
      assert.equal((await full.ask('HEAD', '/files/p/1?zip', { 'if-match': etag })).status, 200)
      await full.deleteHalf()
      await full.work()
      assert.equal(await full.put('more'), 200)
      assert.equal((await askPlain(full.server.port, download)).status, 200)
    }))
})
