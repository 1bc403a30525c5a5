// CopyObject against the real embedded engines.

import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { copyObject } from '../../../../gateway/s3/operations/copy-object.ts'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { headObject } from '../../../../gateway/s3/operations/head-object.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import type { ObjectVersion } from '../../../../metadata/records.ts'
import { describe } from '../../../support/describe.ts'
import {
  bodyOfReply,
  GatewayHarness,
  type HarnessRequest,
  headerOf,
} from '../../../support/gateway-harness.ts'
import { putAsList } from '../../../support/put-as-list.ts'
import { putInParts } from '../../../support/put-in-parts.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')
const bucket = 'source'
const versioned = 'versioned'

function copyTo(key: string, source: string, headers: Record<string, string> = {}) {
  return { bucket, key, headers: { 'x-amz-copy-source': source, ...headers } } as const
}

describe('CopyObject', (test) => {
  let harness: GatewayHarness
  const stored = async (key: string): Promise<ObjectVersion> => {
    const found = await harness.services.metadata.buckets.get(defaultNamespace, bucket)
    assert(found !== undefined)
    const version = await harness.services.metadata.objects.get(found, key)
    assert(version?.is === 'object')
    return version
  }
  const read = async (request: HarnessRequest) => bodyOfReply(await harness.run(getObject, request))
  const codeOf = async (request: HarnessRequest) =>
    (await harness.refusal(copyObject, request)).code

  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    await harness.makeBucket(versioned, 'enabled')
  })
  test.after(() => harness.close())

  test('a copy reads as its source, and outlives it', async () => {
    for (const size of [0, 100, 4097, 9 * 1024 * 1024]) {
      const body = random.bytes(size)
      await harness.run(putObject, { bucket, key: 'from', body })
      const reply = await harness.run(copyObject, copyTo(`to/${size}`, `/${bucket}/from`))
      assert.equal(reply.status, 200)
      assert.match(String(reply.body), new RegExp(`<ETag>&quot;${md5(body)}&quot;</ETag>`))
      assert.match(String(reply.body), /<LastModified>2026-11-21T08:00:00\.000Z<\/LastModified>/)
      assert.match(String(reply.body), /<ChecksumCRC64NVME>/)
      await harness.run(deleteObject, { bucket, key: 'from' })
      await harness.releaseAll()
      assert.ok((await read({ bucket, key: `to/${size}` })).equals(body))
    }
  })

  test('a copy refers to the chunks of its source', async () => {
    await harness.run(putObject, { bucket, key: 'chunks', body: random.bytes(5_000_000) })
    await harness.run(copyObject, copyTo('same-chunks', `${bucket}/chunks`))
    assert.deepEqual((await stored('same-chunks')).data, (await stored('chunks')).data)
  })

  test('a long chunk list is copied page by page', async () => {
    const body = random.bytes(66 * 65_536)
    // Chunks cut small, as when memory is short, so that a list is needed at all.
    await putAsList(harness, { bucket, key: 'list' }, body)
    assert.equal((await stored('list')).data.is, 'list')
    await harness.run(copyObject, copyTo('list-copy', `${bucket}/list`))
    const copied = await stored('list-copy')
    assert.equal(copied.data.is, 'list')
    assert.notDeepEqual(copied.data, (await stored('list')).data)
    await harness.run(deleteObject, { bucket, key: 'list' })
    await harness.releaseAll()
    assert.ok((await read({ bucket, key: 'list-copy' })).equals(body))
  })

  test('headers, metadata and tags come along unless replaced; class and redirect never do', async () => {
    await harness.run(putObject, {
      bucket,
      key: 'described',
      body: 'x',
      headers: {
        'content-type': 'text/plain',
        'x-amz-meta-colour': 'red',
        'x-amz-tagging': 'a=1',
        'x-amz-storage-class': 'STANDARD_IA',
        'x-amz-website-redirect-location': '/there',
      },
    })
    const ignored = {
      'content-type': 'text/html',
      'x-amz-meta-colour': 'blue',
      'x-amz-tagging': 'b=2',
    }
    await harness.run(copyObject, copyTo('taken-over', `${bucket}/described`, ignored))
    const copied = await stored('taken-over')
    assert.deepEqual({ ...copied.headers }, { contentType: 'text/plain' })
    assert.deepEqual({ ...copied.userMetadata }, { colour: 'red' })
    assert.deepEqual(copied.tags, [{ key: 'a', value: '1' }])
    assert.equal(copied.storageClass, 'STANDARD')

    await harness.run(
      copyObject,
      copyTo('replaced', `${bucket}/described`, {
        ...ignored,
        'x-amz-metadata-directive': 'REPLACE',
        'x-amz-tagging-directive': 'REPLACE',
        'x-amz-storage-class': 'ONEZONE_IA',
      }),
    )
    const replaced = await stored('replaced')
    assert.deepEqual({ ...replaced.headers }, { contentType: 'text/html' })
    assert.deepEqual({ ...replaced.userMetadata }, { colour: 'blue' })
    assert.deepEqual(replaced.tags, [{ key: 'b', value: '2' }])
    assert.equal(replaced.storageClass, 'ONEZONE_IA')
  })

  test('onto itself only with a change', async () => {
    const body = random.bytes(10_000)
    await harness.run(putObject, { bucket, key: 'self', body })
    const source = `${bucket}/self`
    assert.equal(await codeOf(copyTo('self', source)), 'InvalidRequest')
    const change = { 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-new': 'yes' }
    await harness.run(copyObject, copyTo('self', source, change))
    await harness.releaseAll()
    assert.deepEqual({ ...(await stored('self')).userMetadata }, { new: 'yes' })
    assert.ok((await read({ bucket, key: 'self' })).equals(body))
  })

  test('an older version copied over the current one brings it back', async () => {
    const key = 'restored'
    const first = await harness.run(putObject, { bucket: versioned, key, body: 'one' })
    await harness.run(putObject, { bucket: versioned, key, body: 'two' })
    const id = headerOf(first, 'x-amz-version-id')
    const source = `${versioned}/${key}?versionId=${id}`
    const reply = await harness.run(copyObject, {
      bucket: versioned,
      key,
      headers: { 'x-amz-copy-source': source },
    })
    assert.equal(headerOf(reply, 'x-amz-copy-source-version-id'), id)
    assert.notEqual(headerOf(reply, 'x-amz-version-id'), id)
    assert.equal((await read({ bucket: versioned, key })).toString(), 'one')
  })

  test('the checksum asked for is made of the bytes', async () => {
    const body = random.bytes(20_000)
    await harness.run(putObject, { bucket, key: 'summed', body })
    const sha256 = { 'x-amz-checksum-algorithm': 'SHA256' }
    const reply = await harness.run(copyObject, copyTo('summed-sha', `${bucket}/summed`, sha256))
    const value = createHash('sha256').update(body).digest('base64')
    assert.ok(String(reply.body).includes(`<ChecksumSHA256>${value}</ChecksumSHA256>`))
    const crc = { 'x-amz-checksum-algorithm': 'CRC32' }
    await harness.run(copyObject, copyTo('summed-crc', `${bucket}/summed`, crc))
    const crcValue = Buffer.alloc(4)
    crcValue.writeUInt32BE(crc32(body))
    const head = await harness.run(headObject, {
      bucket,
      key: 'summed-crc',
      headers: { 'x-amz-checksum-mode': 'ENABLED' },
    })
    assert.equal(headerOf(head, 'x-amz-checksum-crc32'), crcValue.toString('base64'))
    const unknown = { 'x-amz-checksum-algorithm': 'CRC1' }
    assert.equal(await codeOf(copyTo('k', `${bucket}/summed`, unknown)), 'InvalidRequest')
  })

  test('a copy of an object uploaded in parts has the MD5 of its content for an ETag', async () => {
    const body = random.bytes(6 * 1024 * 1024)
    await putInParts(harness, { bucket, key: 'parts' }, [
      body.subarray(0, 5_500_000),
      body.subarray(5_500_000),
    ])
    const reply = await harness.run(copyObject, copyTo('parts-copy', `${bucket}/parts`))
    assert.ok(String(reply.body).includes(md5(body)))
    const copied = await stored('parts-copy')
    assert.equal(copied.etag, md5(body))
    assert.equal(copied.crc32, crc32(body))
    assert.ok((await read({ bucket, key: 'parts-copy' })).equals(body))
  })

  test('conditions on the source answer 412', async () => {
    await harness.run(putObject, { bucket, key: 'cond', body: 'x' })
    const etag = md5(Buffer.from('x'))
    const source = `${bucket}/cond`
    assert.equal(
      await codeOf(copyTo('k', source, { 'x-amz-copy-source-if-match': '"y"' })),
      'PreconditionFailed',
    )
    assert.equal(
      await codeOf(copyTo('k', source, { 'x-amz-copy-source-if-none-match': etag })),
      'PreconditionFailed',
    )
    const holds = { 'x-amz-copy-source-if-match': etag }
    assert.equal((await harness.run(copyObject, copyTo('k', source, holds))).status, 200)
  })

  test('conditions on the destination answer 412 and 404', async () => {
    await harness.run(putObject, { bucket, key: 'dest', body: 'x' })
    const source = `${bucket}/cond`
    assert.equal(
      await codeOf(copyTo('dest', source, { 'if-none-match': '*' })),
      'PreconditionFailed',
    )
    assert.equal(await codeOf(copyTo('dest', source, { 'if-match': '"y"' })), 'PreconditionFailed')
    assert.equal(await codeOf(copyTo('absent', source, { 'if-match': '"y"' })), 'NoSuchKey')
  })

  test('a source that is not there, or is a delete marker, is told apart', async () => {
    assert.equal(await codeOf(copyTo('k', 'nowhere/a')), 'NoSuchBucket')
    assert.equal(await codeOf(copyTo('k', `${bucket}/missing`)), 'NoSuchKey')
    assert.equal(await codeOf(copyTo('k', `${bucket}/cond?versionId=x`)), 'InvalidArgument')
    const absent = `${bucket}/cond?versionId=${'0'.repeat(32)}`
    assert.equal(await codeOf(copyTo('k', absent)), 'NoSuchVersion')
    await harness.run(putObject, { bucket: versioned, key: 'gone', body: 'x' })
    const deleted = await harness.run(deleteObject, { bucket: versioned, key: 'gone' })
    assert.equal(await codeOf(copyTo('k', `${versioned}/gone`)), 'NoSuchKey')
    const marker = `${versioned}/gone?versionId=${headerOf(deleted, 'x-amz-version-id')}`
    assert.equal(await codeOf(copyTo('k', marker)), 'InvalidRequest')
  })

  test('unknown directives are invalid arguments', async () => {
    const source = `${bucket}/cond`
    for (const what of ['metadata', 'tagging']) {
      const headers = { [`x-amz-${what}-directive`]: 'MERGE' }
      assert.equal(await codeOf(copyTo('k', source, headers)), 'InvalidArgument')
    }
  })

  test('a source that goes while it is copied is looked up anew', async () => {
    const later = random.bytes(10_000)
    let inBetween: (() => Promise<void>) | undefined
    // The permission to read tags is asked between finding the source and committing the copy.
    const racing = await GatewayHarness.open({
      authorize: async ({ action }) => {
        if (action !== 's3:GetObjectTagging') return true
        const run = inBetween
        inBetween = undefined
        await run?.()
        return true
      },
    })
    try {
      await racing.makeBucket(bucket)
      const headers = { 'x-amz-tagging': 'a=1' }
      const source = { bucket, key: 'racing', headers }
      await racing.run(putObject, { ...source, body: random.bytes(10_000) })
      inBetween = async () => {
        await racing.run(putObject, { ...source, body: later })
        await racing.releaseAll()
      }
      await racing.run(copyObject, copyTo('copy', `${bucket}/racing`))
      assert.equal(inBetween, undefined)
      const copy = await racing.run(getObject, { bucket, key: 'copy' })
      assert.ok((await bodyOfReply(copy)).equals(later))
    } finally {
      await racing.close()
    }
  })

  test('a source one may not read answers 403', async () => {
    const strict = await GatewayHarness.open({
      authorize: async ({ action }) => action !== 's3:GetObject',
    })
    try {
      await strict.makeBucket(bucket)
      await strict.run(putObject, { bucket, key: 'secret', body: 'x' })
      const refusal = await strict.refusal(copyObject, copyTo('k', `${bucket}/secret`))
      assert.equal(refusal.code, 'AccessDenied')
    } finally {
      await strict.close()
    }
  })
})
