// Pieces of an archive are pieces of the whole: ranges, parts, conditions and resumed downloads.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { manifestsOfTenant } from '../../../gateway/zip/tenant-manifests.ts'
import type { Manifest } from '../../../metadata/manifest-store.ts'
import { describe } from '../../support/describe.ts'
import { headerOf } from '../../support/gateway-harness.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { bytesOf, etagOf, ZipFixture } from './zip-fixture.ts'

const random = seededBytes()
/** HOLDFAST_ZIP_CUTS=10000 for the whole of it. */
const cuts = Number(process.env.HOLDFAST_ZIP_CUTS ?? 150)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('pieces of an archive', (test) => {
  let fixture: ZipFixture
  test.before(async () => {
    fixture = await ZipFixture.open()
    for (const key of ['a', 'b/', 'c']) await fixture.put(`tiny/${key}`, key === 'b/' ? '' : key)
    for (let index = 0; index < 700; index += 1) {
      const size = index % 97 === 0 ? 100_000 : random.integer(600)
      await fixture.put(`many/${String(index).padStart(4, '0')}`, random.bytes(size))
    }
    await fixture.put('many/large', random.bytes(9 * 1024 * 1024))
  })
  test.after(() => fixture.harness.close())

  async function read(manifest: Manifest, start: number, end: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const batch of fixture.zip.read(manifest, fixture.harness.keys, { start, end })) {
      pieces.push(...batch)
    }
    return Buffer.concat(pieces)
  }

  async function manifestOf(prefix: string): Promise<Manifest> {
    await fixture.askHead({ prefix })
    const found = await manifestsOfTenant(
      fixture.harness.services.metadata.manifests,
      fixture.harness.keys.tenantId,
    )
    const manifest = found.find(({ scope }) => scope.endsWith(` ${prefix}`))
    assert.ok(manifest)
    return manifest
  }

  test('every range of a small archive is a slice of the whole', async () => {
    const whole = await fixture.bytes({ prefix: 'tiny/' })
    const manifest = await manifestOf('tiny/')
    assert.equal(manifest.totalBytes, whole.length)
    for (let start = 0; start < whole.length; start += 1) {
      for (let end = start + 1; end <= whole.length; end += 1) {
        const piece = await read(manifest, start, end)
        assert.ok(piece.equals(whole.subarray(start, end)), `${start} to ${end}`)
      }
    }
  })

  test('ranges of an archive of many pages are slices of the whole, wherever they lie', async () => {
    const whole = await fixture.bytes({ prefix: 'many/' })
    const manifest = await manifestOf('many/')
    for (let round = 0; round < 150; round += 1) {
      const area = round % 3 === 0 ? manifest.directory.offset : 0
      const start = area + random.integer(whole.length - area)
      const span = round % 2 === 0 ? 3000 : whole.length
      const end = start + 1 + random.integer(Math.min(whole.length - start, span))
      const piece = await read(manifest, start, end)
      assert.ok(piece.equals(whole.subarray(start, end)), `${start} to ${end}`)
    }
  })

  test('a download that is cut again and again comes to the same bytes', async () => {
    const prefix = 'many/'
    const first = await fixture.ask({ prefix })
    const whole = await bytesOf(first)
    const etag = etagOf(first)
    const boundaries = Array.from({ length: cuts }, () => random.integer(whole.length))
    boundaries.sort((a, b) => a - b)
    const hash = createHash('sha256')
    let at = 0
    for (const next of [...boundaries, whole.length]) {
      if (next === at) continue
      const headers = { range: `bytes=${at}-`, 'if-range': etag }
      const reply = await fixture.ask({ prefix, headers })
      assert.equal(reply.status, 206)
      assert.ok(typeof reply.body === 'object' && 'open' in reply.body)
      for await (const batch of reply.body.open()) {
        for (const buffer of batch) {
          const piece = buffer.subarray(0, next - at)
          hash.update(piece)
          at += piece.length
        }
        if (at === next) break
      }
    }
    assert.equal(hash.digest('hex'), sha256(whole))
  })

  test('one range has a Content-Range, and no checksum of the whole', async () => {
    const whole = await fixture.bytes({ prefix: 'tiny/' })
    for (const [range, start, end] of [
      ['bytes=3-9', 3, 10],
      ['bytes=-4', whole.length - 4, whole.length],
      ['bytes=10-', 10, whole.length],
      [`bytes=5-${'9'.repeat(30)}`, 5, whole.length],
      ['bytes=1-2, 99999-', 1, 3],
    ] as const) {
      const reply = await fixture.ask({ prefix: 'tiny/', headers: { range } })
      assert.equal(reply.status, 206)
      assert.equal(headerOf(reply, 'Content-Range'), `bytes ${start}-${end - 1}/${whole.length}`)
      assert.equal(headerOf(reply, 'x-amz-checksum-crc32'), undefined)
      assert.ok((await bytesOf(reply)).equals(whole.subarray(start, end)))
    }
  })

  test('several ranges come as multipart/byteranges of exact length', async () => {
    const whole = await fixture.bytes({ prefix: 'tiny/' })
    const headers = { range: 'bytes=0-3,-5, 7-7' }
    const reply = await fixture.ask({ prefix: 'tiny/', headers })
    assert.equal(reply.status, 206)
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(
      headerOf(reply, 'Content-Type') ?? '',
    )?.[1]
    assert.ok(boundary)
    const size = whole.length
    const part = (start: number, end: number) =>
      `--${boundary}\r\nContent-Type: application/zip\r\n` +
      `Content-Range: bytes ${start}-${end - 1}/${size}\r\n\r\n` +
      `${whole.toString('latin1', start, end)}\r\n`
    const expected = `${part(0, 4)}${part(size - 5, size)}${part(7, 8)}--${boundary}--\r\n`
    assert.equal((await bytesOf(reply)).toString('latin1'), expected)
    const head = await fixture.askHead({ prefix: 'tiny/', headers })
    assert.equal(headerOf(head, 'Content-Length'), String(expected.length))
  })

  test('what is no range, or too many of them, is answered with the whole', async () => {
    const tooMany = Array.from({ length: 17 }, (_, index) => `${index}-${index}`).join(',')
    for (const range of [`bytes=${tooMany}`, 'bytes=5-2', 'lines=1-2', 'bytes=', 'bytes=1-2,x']) {
      const reply = await fixture.ask({ prefix: 'tiny/', headers: { range } })
      assert.equal(reply.status, 200)
    }
  })

  test('a range behind the end answers 416 and the real size', async () => {
    const whole = await fixture.bytes({ prefix: 'tiny/' })
    for (const range of [`bytes=${whole.length}-`, 'bytes=-0', 'bytes=9999-,8888-9000']) {
      const refused = await fixture.refused({ prefix: 'tiny/', headers: { range } })
      assert.equal(refused.code, 'InvalidRange')
      assert.equal(refused.headers['Content-Range'], `bytes */${whole.length}`)
    }
  })

  test('parts by number are segments of a fixed size', async () => {
    const whole = await fixture.bytes({ prefix: 'tiny/' })
    const reply = await fixture.ask({ prefix: 'tiny/', query: 'partNumber=1' })
    assert.equal(reply.status, 206)
    assert.equal(headerOf(reply, 'x-amz-mp-parts-count'), '1')
    assert.ok((await bytesOf(reply)).equals(whole))
    const beyond = await fixture.refused({ prefix: 'tiny/', query: 'partNumber=2' })
    assert.equal(beyond.code, 'InvalidPartNumber')
    const none = await fixture.refused({ prefix: 'tiny/', query: 'partNumber=0' })
    assert.equal(none.code, 'InvalidArgument')
    const headers = { range: 'bytes=0-0' }
    const both = await fixture.refused({ prefix: 'tiny/', query: 'partNumber=1', headers })
    assert.equal(both.code, 'InvalidRequest')
  })

  test('conditions are those of HTTP', async () => {
    const prefix = 'tiny/'
    const etag = etagOf(await fixture.askHead({ prefix }))
    const modified = headerOf(await fixture.askHead({ prefix }), 'Last-Modified') ?? ''
    const other = '"0123456789abcdef0123456789abcdef"'
    const status = async (headers: Record<string, string>) =>
      (await fixture.askHead({ prefix, headers })).status
    assert.equal(await status({ 'if-none-match': etag }), 304)
    assert.equal(await status({ 'if-none-match': other }), 200)
    assert.equal(await status({ 'if-match': etag }), 200)
    assert.equal(await status({ 'if-modified-since': modified }), 304)
    assert.equal(await status({ 'if-unmodified-since': modified }), 200)
    assert.equal(await status({ range: 'bytes=0-0', 'if-range': etag }), 206)
    assert.equal(await status({ range: 'bytes=0-0', 'if-range': modified }), 206)
    assert.equal(await status({ range: 'bytes=0-0', 'if-range': other }), 200)
    const failed = await fixture.refused({ prefix, headers: { 'if-match': other } })
    assert.equal(failed.code, 'PreconditionFailed')
  })
})
