// What is deleted comes back though bundles, archives and downloads hold something, and what they do hold
// stays readable; over HTTP, on the real engines.
import assert from 'node:assert'
import { setTimeout as wait } from 'node:timers/promises'
import { describe } from '../../support/describe.ts'
import {
  askPlain,
  askSigned,
  type Json,
  jsonOf,
  targetOf,
  textIn,
} from '../../support/own-routes-client.ts'
import { readZip } from '../../support/python-zip.ts'
import type { RawResponse } from '../../support/raw-connection.ts'
import { RawConnection } from '../../support/raw-connection.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { RunningServer } from '../../support/start-server.ts'
import { exchange, signed } from '../../support/wire-request.ts'

const random = seededBytes()
const mib = 1024 * 1024
const ninetyDays = 90 * 24 * 60 * 60

class HeldSpace {
  readonly server: RunningServer

  private constructor(server: RunningServer) {
    this.server = server
  }

  static async run(body: (space: HeldSpace) => Promise<void>): Promise<void> {
    const server = await RunningServer.start()
    try {
      const space = new HeldSpace(server)
      for (const bucket of ['files', 'other']) await space.ask('PUT', `/${bucket}`, 200)
      await body(space)
      server.assertNoFailure()
    } finally {
      await server.stop()
    }
  }

  async ask(
    method: string,
    target: string,
    status: number,
    more: { readonly body?: Buffer | string; readonly headers?: Record<string, string> } = {},
  ): Promise<RawResponse> {
    const response = await exchange(this.server.port, { method, target, ...more })
    assert.equal(response.status, status, response.body.toString().slice(0, 500))
    return response
  }

  async put(target: string, body: Buffer | string): Promise<void> {
    await this.ask('PUT', target, 200, { body })
  }

  async remove(target: string): Promise<void> {
    await this.ask('DELETE', target, 204)
  }

  /** 40 MiB in two buckets. */
  async putLarge(): Promise<readonly string[]> {
    const targets = ['/files/x/1', '/other/1', '/files/tinier', '/other/deep/2']
    for (const target of targets) await this.put(target, random.bytes(10 * mib))
    return targets
  }

  async makeBundle(entries: readonly unknown[]): Promise<Json> {
    const json = { bucket: 'files', entries, expiresInSeconds: ninetyDays }
    const request = { method: 'POST', target: '/-/bundles', json }
    return jsonOf(await askSigned(this.server.port, request), 201)
  }

  async download(bundle: Json): Promise<readonly (readonly [string, string])[]> {
    const target = targetOf(textIn(bundle, 'url'))
    const response = await askPlain(this.server.port, { target })
    assert.equal(response.status, 200)
    return readZip(response.body).map(([name, text]) => [name ?? '', text ?? ''] as const)
  }

  async chunks(): Promise<number> {
    return (await this.server.kept()).chunks
  }
}

describe('space that is deleted', (test) => {
  test('comes back though a bundle of one byte lives for 90 days, which stays what it was', () =>
    HeldSpace.run(async (space) => {
      await space.put('/files/tiny', '1')
      const large = await space.putLarge()
      const bundle = await space.makeBundle([{ key: 'tiny' }])
      for (const target of large) await space.remove(target)
      assert.equal(await space.chunks(), 0)
      await space.put('/files/tiny', '2')
      await space.remove('/files/tiny')
      await space.put('/files/tiny', random.bytes(mib))
      await space.remove('/files/tiny')
      assert.equal(await space.chunks(), 0)
      assert.deepEqual(await space.download(bundle), [['tiny', '1']])
    }))

  test('comes back though a prefix was downloaded as a zip, which can still be resumed', () =>
    HeldSpace.run(async (space) => {
      await space.put('/files/p/a', random.bytes(3 * mib))
      await space.put('/files/p/b', 'small')
      const large = await space.putLarge()
      const zip = await space.ask('GET', '/files/p/?zip', 200)
      for (const target of large) await space.remove(target)
      await space.put('/files/p/later', random.bytes(10 * mib))
      await space.remove('/files/p/later')
      assert.equal(await space.chunks(), 1)
      for (const target of ['/files/p/a', '/files/p/b']) await space.remove(target)
      assert.equal(await space.chunks(), 1)
      const headers = { range: 'bytes=1000-', 'if-range': zip.headers.get('etag') ?? '' }
      const rest = await space.ask('GET', '/files/p/?zip', 206, { headers })
      assert.ok(rest.body.equals(zip.body.subarray(1000)))
    }))

  test('comes back while an object is downloaded slowly, which is sent to its end', () =>
    HeldSpace.run(async (space) => {
      const body = random.bytes(24 * mib)
      await space.put('/files/slow', body)
      const large = await space.putLarge()
      const connection = await RawConnection.open(space.server.port)
      connection.socket.pause()
      await connection.send(signed({ target: '/files/slow' }).bytes)
      while (connection.socket.bytesRead === 0) await wait(10)
      for (const target of [...large, '/files/slow']) await space.remove(target)
      for (
        let tries = 0;
        (await space.server.stores.metadata.outbox.depthEstimate()) > 1;
        tries += 1
      ) {
        assert.ok(tries < 600, 'what is not read was not released')
        await space.chunks()
        await wait(50)
      }
      assert.equal(await space.chunks(), body.length / (4 * mib))
      connection.socket.resume()
      const response = await connection.response('GET')
      assert.ok(response.body.equals(body))
      connection.socket.destroy()
      while ((await space.chunks()) > 0) await wait(50)
    }))

  test('of a glob or a prefix waits for its bundle, and nothing beside it does', () =>
    HeldSpace.run(async (space) => {
      const keys = ['a/1.raw', 'a/1.txt', 'b/1.raw', 'c']
      for (const key of keys) await space.put(`/files/${key}`, random.bytes(mib))
      const globbed = await space.makeBundle([{ glob: '**/*.raw' }])
      const prefixed = await space.makeBundle([{ prefix: 'a/' }])
      for (const key of keys) await space.remove(`/files/${key}`)
      assert.equal(await space.chunks(), 3)
      assert.equal((await space.download(globbed)).length, 2)
      assert.equal((await space.download(prefixed)).length, 2)
      for (const bundle of [globbed, prefixed]) {
        const target = `/-/bundles/${textIn(bundle, 'id')}`
        await askSigned(space.server.port, { method: 'DELETE', target })
      }
      assert.equal(await space.chunks(), 0)
    }))

  test('is held for what a bundle was given later, too, and for all of it until the bundle ends', () =>
    HeldSpace.run(async (space) => {
      for (const key of ['a', 'b', 'c']) await space.put(`/files/${key}`, `body of ${key}`)
      const bundle = await space.makeBundle([{ key: 'a' }])
      await space.remove('/files/a')
      const target = `/-/bundles/${textIn(bundle, 'id')}/entries`
      const json = { entries: [{ key: 'b' }] }
      jsonOf(await askSigned(space.server.port, { method: 'POST', target, json }), 200)
      for (const key of ['b', 'c']) await space.remove(`/files/${key}`)
      await space.chunks()
      assert.equal(await space.server.stores.metadata.outbox.depthEstimate(), 2)
      assert.deepEqual(await space.download(bundle), [
        ['a', 'body of a'],
        ['b', 'body of b'],
      ])
    }))

  test('of a bucket that is gone stays for a bundle, and a bucket of its name is another one', () =>
    HeldSpace.run(async (space) => {
      await space.put('/files/a', random.bytes(mib))
      const bundle = await space.makeBundle([{ prefix: '' }])
      await space.remove('/files/a')
      await space.remove('/files')
      await space.ask('PUT', '/files', 200)
      await space.put('/files/a', random.bytes(mib))
      await space.remove('/files/a')
      assert.equal(await space.chunks(), 1)
      assert.equal((await space.download(bundle)).length, 1)
    }))

  test('is shared by content: what a held object needs stays, what only others had goes', () =>
    HeldSpace.run(async (space) => {
      const shared = random.bytes(4 * mib)
      await space.put('/files/held', shared)
      await space.put('/other/free', Buffer.concat([shared, random.bytes(4 * mib)]))
      const bundle = await space.makeBundle([{ key: 'held' }])
      await space.remove('/files/held')
      await space.remove('/other/free')
      assert.equal(await space.chunks(), 1)
      assert.equal((await space.download(bundle)).length, 1)
    }))
})
