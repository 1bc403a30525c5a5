// Whoever has to know when many archives are read at once is told, and told when they are few again, however
// each of them ends.

import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { openPrefix } from '../../../gateway/zip/prefix-entries.ts'
import { manyReaders } from '../../../gateway/zip/zip-limits.ts'
import { ZipService } from '../../../gateway/zip/zip-service.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { Query } from '../../../protocol/s3/request-target.ts'
import { describe } from '../../support/describe.ts'
import { bucket, ZipFixture } from './zip-fixture.ts'

describe('many readers of archives', (test) => {
  let fixture: ZipFixture
  test.before(async () => {
    fixture = await ZipFixture.open()
    await fixture.put('folder/a', 'some bytes')
  })
  test.after(() => fixture.harness.close())

  async function openArchive(told: boolean[]) {
    const { services, keys } = fixture.harness
    const zip = new ZipService({
      metadata: services.metadata,
      blobs: services.blobs,
      random: randomBytes,
      now: services.now,
      clock: () => performance.now(),
      onManyReaders: (areMany) => told.push(areMany),
    })
    const from = await services.metadata.buckets.get(defaultNamespace, bucket)
    assert.ok(from)
    const manifest = await zip.archives.freeze({
      tenantId: keys.tenantId,
      scope: 'many',
      options: 'test',
      emptyModifiedMs: 0,
      scopes: [],
      signal: AbortSignal.any([]),
      open: () => openPrefix(services.metadata.objects, from, { prefix: '', windows: false }),
    })
    return { zip, manifest, keys }
  }

  test('are told of once, and again when they are few', async () => {
    const told: boolean[] = []
    const { zip, manifest, keys } = await openArchive(told)
    const begin = async () => {
      const batches = zip.read(manifest, keys, { start: 0, end: manifest.totalBytes })
      await batches.next()
      return batches
    }
    const open = []
    for (let count = 1; count < manyReaders; count += 1) open.push(await begin())
    assert.deepStrictEqual(told, [])
    open.push(await begin(), await begin())
    assert.deepStrictEqual(told, [true])
    // One is read to its end, the others are left.
    for await (const _ of open.pop() ?? []);
    for (const batches of open) await batches.return()
    assert.deepStrictEqual(told, [true, false])
  })

  test('are none any more whose client has gone before its reply', async () => {
    const told: boolean[] = []
    const { zip, manifest, keys } = await openArchive(told)
    const replies = []
    for (let count = 0; count < manyReaders; count += 1) {
      const request = { method: 'GET', headers: {}, query: new Query([]) } as const
      replies.push(await zip.reply(request, { manifest, tenantKeys: keys, fileName: 'a.zip' }))
    }
    assert.deepStrictEqual(told, [true])
    for (const { body } of replies) {
      assert.ok(typeof body === 'object' && 'open' in body)
      await body.drop?.()
    }
    assert.deepStrictEqual(told, [true, false])
  })
})
