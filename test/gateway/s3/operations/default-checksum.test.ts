// The checksum of an upload in parts that asked for none: the CRC64NVME of the whole object, whatever its
// parts came with.

import assert from 'node:assert'
import { completeMultipartUpload } from '../../../../gateway/s3/operations/complete-multipart-upload.ts'
import { copyObject } from '../../../../gateway/s3/operations/copy-object.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { getObjectAttributes } from '../../../../gateway/s3/operations/get-object-attributes.ts'
import { headObject } from '../../../../gateway/s3/operations/head-object.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { uploadPartCopy } from '../../../../gateway/s3/operations/upload-part-copy.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import type { ChecksumAlgorithm } from '../../../../protocol/s3/checksums/checksum-algorithm.ts'
import { loadChecksums } from '../../../../protocol/s3/checksums/streaming-digest.ts'
import { partBytesMin } from '../../../../protocol/s3/limits.ts'
import { parseUploadId } from '../../../../protocol/s3/upload-id.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import {
  element,
  elements,
  MultipartClient,
  type NamedPart,
} from '../../../support/multipart-client.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const checksums = await loadChecksums()
const bucket = 'uploads'
// Long enough for the threads that digest, just long enough, and kept in metadata.
const bodies = [random.bytes(9 * 1024 * 1024), random.bytes(partBytesMin), random.bytes(100)]
const whole = Buffer.concat(bodies)
const algorithms = ['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME'] as const

function digest(algorithm: ChecksumAlgorithm, bytes: Buffer): string {
  const running = checksums.createDigest(algorithm)
  running.update(bytes)
  return running.digest().toString('base64')
}

describe('an upload that asked for no checksum', (test) => {
  let harness: GatewayHarness
  const begin = (key: string) => MultipartClient.begin(harness, { bucket, key })

  /** With a checksum of each algorithm in turn; `none` is in its place where there is to be none. */
  async function put(
    upload: MultipartClient,
    declared: readonly (ChecksumAlgorithm | 'none')[],
  ): Promise<NamedPart[]> {
    const parts: NamedPart[] = []
    for (const [at, body] of bodies.entries()) {
      const algorithm = declared[at % declared.length] ?? 'none'
      const header = `x-amz-checksum-${algorithm.toLowerCase()}`
      const headers = algorithm === 'none' ? {} : { [header]: digest(algorithm, body) }
      parts.push(await upload.put(at + 1, body, headers))
    }
    return parts
  }

  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
  })
  test.after(() => harness.close())

  test('makes an object with the CRC64NVME of the whole, whatever its parts came with', async () => {
    const mixes = [
      ...algorithms.map((algorithm) => [algorithm]),
      ['none'],
      ['none', 'SHA1', 'CRC32'],
    ]
    for (const declared of mixes as (ChecksumAlgorithm | 'none')[][]) {
      const upload = await begin('mix')
      const reply = await upload.complete(await put(upload, declared))
      assert.equal(element(reply, 'ChecksumCRC64NVME'), digest('CRC64NVME', whole), `${declared}`)
      assert.equal(element(reply, 'ChecksumType'), 'FULL_OBJECT')
      const headers = { 'x-amz-checksum-mode': 'ENABLED' }
      for (const read of [getObject, headObject]) {
        const shown = await harness.run(read, { bucket, key: 'mix', headers })
        assert.equal(headerOf(shown, 'x-amz-checksum-crc64nvme'), digest('CRC64NVME', whole))
        assert.equal(headerOf(shown, 'x-amz-checksum-type'), 'FULL_OBJECT')
        if (shown.body !== undefined && typeof shown.body === 'object' && 'drop' in shown.body) {
          await shown.body.drop?.()
        }
      }
    }
  })

  test('is held against the checksum that its completion brings', async () => {
    const upload = await begin('expected')
    const parts = await put(upload, ['CRC32'])
    for (const algorithm of ['CRC64NVME', 'CRC32'] as const) {
      const header = `x-amz-checksum-${algorithm.toLowerCase()}`
      const wrong = { [header]: digest(algorithm, Buffer.from('something else')) }
      assert.equal((await upload.completeRefused(parts, wrong)).code, 'BadDigest')
    }
    const right = {
      'x-amz-checksum-crc64nvme': digest('CRC64NVME', whole),
      'x-amz-checksum-type': 'FULL_OBJECT',
    }
    const reply = await upload.complete(parts, right)
    assert.equal(element(reply, 'ChecksumCRC64NVME'), digest('CRC64NVME', whole))
  })

  test('compares the checksums that its completion names for the parts', async () => {
    const upload = await begin('named')
    const parts = await put(upload, ['SHA256'])
    const naming = (bytes: readonly Buffer[]) =>
      parts.map((part, at) => ({
        ...part,
        checksum: `<ChecksumCRC64NVME>${digest('CRC64NVME', bytes[at] ?? whole)}</ChecksumCRC64NVME>`,
      }))
    assert.equal((await upload.completeRefused(naming([whole]))).code, 'InvalidPart')
    assert.equal((await upload.complete(naming(bodies))).status, 200)
  })

  test('shows the CRC64NVME of each part when it is complete', async () => {
    const upload = await begin('attributes')
    await upload.complete(await put(upload, ['CRC32', 'none']))
    const asked = { 'x-amz-object-attributes': 'Checksum,ObjectParts' }
    const reply = await harness.run(getObjectAttributes, {
      bucket,
      key: 'attributes',
      headers: asked,
    })
    assert.deepEqual(elements(reply, 'ChecksumCRC64NVME'), [
      digest('CRC64NVME', whole),
      ...bodies.map((body) => digest('CRC64NVME', body)),
    ])
    assert.deepEqual(elements(reply, 'ChecksumCRC32'), [])
    for (const [at, body] of bodies.entries()) {
      const part = await harness.run(headObject, {
        bucket,
        key: 'attributes',
        query: `partNumber=${at + 1}`,
        headers: { 'x-amz-checksum-mode': 'ENABLED' },
      })
      assert.equal(headerOf(part, 'x-amz-checksum-crc64nvme'), digest('CRC64NVME', body))
      assert.equal(headerOf(part, 'x-amz-checksum-crc32'), undefined)
    }
  })

  test('has it with parts that were copied, and so has a copy of the object', async () => {
    await harness.run(putObject, { bucket, key: 'source', body: bodies[0] ?? '' })
    const upload = await begin('copied')
    const copied = await harness.run(
      uploadPartCopy,
      upload.request('&partNumber=1', { headers: { 'x-amz-copy-source': `${bucket}/source` } }),
    )
    const etag = element(copied, 'ETag').replaceAll('&quot;', '"')
    const [, second = whole] = bodies
    const crc32 = { 'x-amz-checksum-crc32': digest('CRC32', second) }
    await upload.complete([{ number: 1, etag }, await upload.put(2, second, crc32)])
    const expected = digest('CRC64NVME', Buffer.concat([bodies[0] ?? whole, second]))
    const copy = { 'x-amz-copy-source': `${bucket}/copied` }
    await harness.run(copyObject, { bucket, key: 'copy', headers: copy })
    for (const key of ['copied', 'copy']) {
      const headers = { 'x-amz-checksum-mode': 'ENABLED' }
      const head = await harness.run(headObject, { bucket, key, headers })
      assert.equal(headerOf(head, 'x-amz-checksum-crc64nvme'), expected, key)
    }
  })

  test('can be completed with parts from before this checksum was kept', async () => {
    const upload = await begin('old')
    const parts = await put(upload, ['CRC32'])
    await forgetDefaultChecksum(harness, 'old', upload.uploadId)
    const asked = { 'x-amz-checksum-crc64nvme': digest('CRC64NVME', whole) }
    assert.equal((await upload.completeRefused(parts, asked)).code, 'InvalidRequest')
    const reply = await harness.run(
      completeMultipartUpload,
      upload.request('', {
        body: `<CompleteMultipartUpload>${parts.map(({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`).join('')}</CompleteMultipartUpload>`,
        headers: { 'x-amz-checksum-crc32': digest('CRC32', whole) },
      }),
    )
    assert.equal(element(reply, 'ChecksumCRC32'), digest('CRC32', whole))
    assert.equal(element(reply, 'ChecksumType'), 'FULL_OBJECT')
  })
})

/** Commits the smallest part again as an earlier version did. */
async function forgetDefaultChecksum(
  harness: GatewayHarness,
  key: string,
  rawId: string,
): Promise<void> {
  const { buckets, uploads } = harness.services.metadata
  const found = await buckets.get(defaultNamespace, bucket)
  const upload = found && (await uploads.get(found, { key, uploadId: parseUploadId(rawId) }))
  assert.ok(found !== undefined && upload !== undefined)
  const [last] = await uploads.readParts(upload, [bodies.length])
  assert.ok(last)
  const { data: _, ...part } = last
  const body = bodies.at(-1)
  assert.ok(part.crc64nvme !== undefined && body !== undefined)
  const { crc64nvme: _kept, ...before } = part
  const received = harness.services.ingest.receive(stream(body), {
    tenant: harness.keys,
    digests: new Set(),
    sizeMax: body.length,
  })
  const outcome = await (await received).commit((data) =>
    uploads.commitPart(found, upload, { ...before, data }),
  )
  assert.equal(outcome.is, 'committed')
}

async function* stream(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes
}
