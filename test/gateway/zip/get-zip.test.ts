// GetZip, HeadZip, GetBucketZip and HeadBucketZip: what is in the archive, and what the reply says of it.
import assert from 'node:assert'
import { crc32 } from 'node:zlib'
import { makeGetBucketZip } from '../../../gateway/s3/operations/get-bucket-zip.ts'
import { makeHeadBucketZip } from '../../../gateway/s3/operations/head-bucket-zip.ts'
import { describe } from '../../support/describe.ts'
import { headerOf } from '../../support/gateway-harness.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { bytesOf, etagOf, unzip, ZipFixture } from './zip-fixture.ts'

const random = seededBytes()

describe('a prefix as one zip', (test) => {
  let fixture: ZipFixture
  test.before(async () => {
    fixture = await ZipFixture.open()
  })
  test.after(() => fixture.harness.close())

  test('holds the objects of the prefix, small and large, under their names in it', async () => {
    const bodies = new Map([
      ['a.txt', Buffer.from('hello')],
      ['big', random.bytes(9 * 1024 * 1024 + 5)],
      ['deep/er/ü.bin', random.bytes(70_000)],
      ['empty', Buffer.alloc(0)],
      ['inline', random.bytes(4096)],
      ['middle', random.bytes(1_500_000)],
    ])
    for (const [name, body] of bodies) await fixture.put(`p/${name}`, body)
    await fixture.put('p/folder/', '')
    await fixture.put('p/', '')
    await fixture.put('q/other', 'x')
    const archive = unzip(await fixture.bytes({ prefix: 'p/' }))
    assert.deepEqual(
      [...archive.keys()],
      ['a.txt', 'big', 'deep/er/ü.bin', 'empty', 'folder/', 'inline', 'middle'],
    )
    for (const [name, body] of bodies) assert.ok(archive.get(name)?.equals(body), name)
  })

  test('says its length, ETag, time, checksum, name and entries before the first byte', async () => {
    await fixture.put('said/one', 'one')
    fixture.harness.nowMs += 60_000
    await fixture.put('said/two', 'two')
    const newest = new Date(fixture.harness.nowMs).toUTCString()
    fixture.harness.nowMs += 60_000
    const reply = await fixture.ask({ prefix: 'said/' })
    const bytes = await bytesOf(reply)
    assert.equal(reply.status, 200)
    assert.equal(headerOf(reply, 'Content-Type'), 'application/zip')
    assert.equal(headerOf(reply, 'Last-Modified'), newest)
    assert.equal(headerOf(reply, 'Accept-Ranges'), 'bytes')
    assert.equal(headerOf(reply, 'Content-Disposition'), 'attachment; filename="said.zip"')
    assert.equal(headerOf(reply, 'x-holdfast-entries'), '2')
    const hex = crc32(bytes).toString(16).padStart(8, '0')
    assert.equal(headerOf(reply, 'x-holdfast-crc32'), hex)
    const base64 = Buffer.from(hex, 'hex').toString('base64')
    assert.equal(headerOf(reply, 'x-amz-checksum-crc32'), base64)
    assert.equal(headerOf(reply, 'x-amz-checksum-type'), 'FULL_OBJECT')
    const head = await fixture.askHead({ prefix: 'said/' })
    assert.deepEqual(head.headers, reply.headers)
    assert.equal(head.body, undefined)
    etagOf(reply)
  })

  test('is the whole bucket without a prefix, and takes the prefix as a parameter too', async () => {
    await fixture.put('param/x', 'x')
    const all = unzip(await fixture.bytes())
    assert.ok(all.has('param/x') && all.has('q/other'))
    const named = await fixture.ask({ query: 'prefix=param%2F' })
    assert.equal(headerOf(named, 'Content-Disposition'), 'attachment; filename="param.zip"')
    assert.deepEqual([...unzip(await bytesOf(named)).keys()], ['x'])
    const cut = unzip(await fixture.bytes({ query: 'prefix=param' }))
    assert.deepEqual([...cut.keys()], ['param/x'])
    const both = await fixture.refused({ prefix: 'param/', query: 'prefix=param' })
    assert.equal(both.code, 'InvalidArgument')
  })

  test('of a prefix without objects is an empty zip', async () => {
    const reply = await fixture.ask({ prefix: 'nothing/' })
    const bytes = await bytesOf(reply)
    assert.equal(bytes.toString('hex'), `504b0506${'00'.repeat(18)}`)
    assert.equal(headerOf(reply, 'x-holdfast-entries'), '0')
    const piece = await fixture.ask({ prefix: 'nothing/', headers: { range: 'bytes=2-3' } })
    assert.equal((await bytesOf(piece)).toString('hex'), '0506')
  })

  test('keeps a file and a folder of one name apart, and no name leaves the target', async () => {
    const keys = ['clash', 'clash!', 'clash/in', '../up', '/abs', 'c:\\x', 'a//b', 'nul\0']
    for (const key of keys) await fixture.put(`hostile/${key}`, key)
    const archive = unzip(await fixture.bytes({ prefix: 'hostile/' }))
    assert.deepEqual([...archive.values()].map(String).sort(), [...keys].sort())
    for (const name of archive.keys()) {
      assert.ok(!/(^|\/)\.\.?(\/|$)|^\/|\\|\0|^.:/.test(name), name)
    }
    const files = [...archive.keys()]
    for (const file of files) assert.ok(!files.some((other) => other.startsWith(`${file}/`)), file)
  })

  test('has names for Windows when asked, in an archive of its own', async () => {
    for (const key of ['README', 'Readme', 'con.txt', 'plain', 'q?']) {
      await fixture.put(`win/${key}`, key)
    }
    const plain = await fixture.ask({ prefix: 'win/' })
    const windows = await fixture.ask({ prefix: 'win/', form: 'windows' })
    assert.notEqual(etagOf(plain), etagOf(windows))
    assert.ok(unzip(await bytesOf(plain)).has('con.txt'))
    const archive = unzip(await bytesOf(windows))
    const folded = new Set([...archive.keys()].map((name) => name.toLowerCase()))
    assert.equal(folded.size, 5)
    assert.ok(archive.has('plain') && !archive.has('con.txt') && !archive.has('q?'))
    assert.equal((await fixture.refused({ form: 'tar' })).code, 'InvalidArgument')
  })

  test('has a file name that survives any language, or the one asked for', async () => {
    await fixture.put('Grüße "2026"/x', 'x')
    const reply = await fixture.ask({ prefix: 'Grüße "2026"/' })
    assert.equal(
      headerOf(reply, 'Content-Disposition'),
      `attachment; filename="Gr__e _2026_.zip"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%222026%22.zip`,
    )
    const query = 'response-content-disposition=inline&response-cache-control=no-store'
    const asked = await fixture.ask({ prefix: 'said/', query })
    assert.equal(headerOf(asked, 'Content-Disposition'), 'inline')
    assert.equal(headerOf(asked, 'Cache-Control'), 'no-store')
  })

  test('of a bucket that is not there is not there', async () => {
    const call = { bucket: 'absent', key: '', query: 'zip' }
    for (const asked of [
      { GetBucketZip: makeGetBucketZip(fixture.zip) },
      { HeadBucketZip: makeHeadBucketZip(fixture.zip) },
    ]) {
      const refused = await fixture.harness.refusal(asked, call)
      assert.equal(refused.code, 'NoSuchBucket')
    }
  })
})
