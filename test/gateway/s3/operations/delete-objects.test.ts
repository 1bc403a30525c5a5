import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { deleteObjects } from '../../../../gateway/s3/operations/delete-objects.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { MetadataFull } from '../../../../metadata/metadata-full.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import { element, parent } from '../../../../protocol/s3/xml/xml-writer.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { resourceName } from '../../../support/policy.ts'
import { childrenOf, textOf, textsOf, xmlOf } from '../../../support/reply-xml.ts'

type Entry = Readonly<Record<string, string>>

const objectOf = (entry: Entry) =>
  parent('Object', ...Object.entries(entry).map(([name, text]) => element(name, text)))
const bodyOf = (entries: readonly Entry[], quiet = false) =>
  parent('Delete', ...entries.map(objectOf), quiet ? element('Quiet', true) : '')

describe('DeleteObjects', (test) => {
  let harness: GatewayHarness
  const questions: string[] = []
  test.before(async () => {
    harness = await GatewayHarness.open({
      authorize: ({ action, resource }) => {
        questions.push(`${action} ${resourceName(resource)}`)
        return action === 's3:PutObject' || !resourceName(resource).endsWith('/secret')
      },
    })
    await harness.makeBucket('plain')
    await harness.makeBucket('versioned', 'enabled')
    await harness.makeBucket('suspended', 'suspended')
  })
  test.after(() => harness.close())

  const put = async (bucket: string, key: string) => {
    const reply = await harness.run(putObject, { bucket, key, body: key })
    return {
      versionId: headerOf(reply, 'x-amz-version-id') ?? '',
      etag: headerOf(reply, 'ETag') ?? '',
    }
  }
  const current = async (bucketName: string, key: string) => {
    const { buckets, objects } = harness.services.metadata
    const bucket = await buckets.get(defaultNamespace, bucketName)
    assert.ok(bucket)
    return (await objects.get(bucket, key))?.is
  }
  const request = (bucket: string, entries: readonly Entry[], quiet = false) => {
    const body = bodyOf(entries, quiet)
    const md5 = createHash('md5').update(body).digest('base64')
    return { bucket, query: 'delete', body, headers: { 'content-md5': md5 } }
  }
  const remove = async (bucket: string, entries: readonly Entry[], quiet = false) =>
    xmlOf(await harness.run(deleteObjects, request(bucket, entries, quiet)), 'DeleteResult')

  test('tells which could not be deleted for want of room, and deletes the others', async () => {
    await put('plain', 'fits')
    await put('plain', 'does not')
    const { metadata } = harness.services
    const objects: typeof metadata.objects = {
      ...metadata.objects,
      delete: async (deletion) => {
        if (deletion.key === 'does not') throw new MetadataFull()
        return metadata.objects.delete(deletion)
      },
    }
    const full = Object.create(metadata, { objects: { value: objects } })
    const asked = request('plain', [{ Key: 'fits' }, { Key: 'does not' }])
    const reply = await harness.run(deleteObjects, { ...asked, services: { metadata: full } })
    const result = await xmlOf(reply, 'DeleteResult')
    assert.deepEqual(textsOf(result, 'Deleted', 'Key'), ['fits'])
    assert.deepEqual(textsOf(result, 'Error', 'Key'), ['does not'])
    assert.deepEqual(textsOf(result, 'Error', 'Code'), ['InsufficientStorage'])
    assert.equal(await current('plain', 'does not'), 'object')
  })

  test('deletes every object named, and calls those that were not there deleted too', async () => {
    await put('plain', 'a')
    await put('plain', 'b')
    const result = await remove('plain', [{ Key: 'a' }, { Key: 'nothing' }, { Key: 'b' }])
    assert.deepEqual(textsOf(result, 'Deleted', 'Key'), ['a', 'nothing', 'b'])
    assert.ok(result.children.every((child) => child.children.length === 1))
    assert.equal(await current('plain', 'a'), undefined)
    assert.equal(await current('plain', 'b'), undefined)
  })

  test('says nothing of successes when quiet', async () => {
    await put('plain', 'a')
    const result = await remove('plain', [{ Key: 'a' }, { Key: 'secret' }], true)
    assert.deepEqual(
      result.children.map((child) => [child.name, textOf(child, 'Key')]),
      [['Error', 'secret']],
    )
    assert.equal(await current('plain', 'a'), undefined)
  })

  test('puts delete markers where versioning is on, and removes versions and markers by id', async () => {
    const { versionId } = await put('versioned', 'a')
    const [marked] = (await remove('versioned', [{ Key: 'a' }])).children
    assert.ok(marked)
    const markerId = textOf(marked, 'DeleteMarkerVersionId') ?? ''
    assert.match(markerId, /^[0-9a-f]{32}$/)
    assert.deepEqual(
      [textOf(marked, 'DeleteMarker'), textOf(marked, 'VersionId')],
      ['true', undefined],
    )
    assert.equal(await current('versioned', 'a'), 'deleteMarker')

    const removed = await remove('versioned', [
      { Key: 'a', VersionId: versionId },
      { Key: 'a', VersionId: markerId },
      { Key: 'a', VersionId: '0'.repeat(32) },
    ])
    assert.deepEqual(textsOf(removed, 'Deleted', 'VersionId'), [
      versionId,
      markerId,
      '0'.repeat(32),
    ])
    assert.deepEqual(textsOf(removed, 'Deleted', 'DeleteMarker'), ['', 'true', ''])
    assert.deepEqual(textsOf(removed, 'Deleted', 'DeleteMarkerVersionId'), ['', markerId, ''])
    assert.equal(await current('versioned', 'a'), undefined)
  })

  test('puts the null delete marker where versioning is suspended', async () => {
    await put('suspended', 'a')
    const [marked] = (await remove('suspended', [{ Key: 'a' }])).children
    assert.ok(marked)
    assert.equal(textOf(marked, 'DeleteMarkerVersionId'), 'null')
    const [removed] = (await remove('suspended', [{ Key: 'a', VersionId: 'null' }])).children
    assert.ok(removed)
    assert.deepEqual(
      ['VersionId', 'DeleteMarker', 'DeleteMarkerVersionId'].map((name) => textOf(removed, name)),
      ['null', 'true', 'null'],
    )
  })

  test('asks permission for each key, of the action that fits', async () => {
    await put('versioned', 'secret')
    questions.length = 0
    const id = 'f'.repeat(32)
    const result = await remove('versioned', [
      { Key: 'open' },
      { Key: 'secret' },
      { Key: 'secret', VersionId: id },
    ])
    assert.deepEqual(questions, [
      's3:DeleteObject versioned/open',
      's3:DeleteObject versioned/secret',
      's3:DeleteObjectVersion versioned/secret',
    ])
    assert.deepEqual(
      childrenOf(result, 'Error').map((error) => error.children.map((child) => child.text)),
      [
        ['secret', 'AccessDenied', 'Access Denied'],
        ['secret', id, 'AccessDenied', 'Access Denied'],
      ],
    )
    assert.equal(await current('versioned', 'secret'), 'object')
  })

  test('deletes on condition', async () => {
    const { etag } = await put('plain', 'c')
    const time = '2026-11-21T08:00:00Z'
    const failing = [
      { ETag: '"0"' },
      { Size: '7' },
      { ETag: etag, LastModifiedTime: '2026-11-21T08:00:01Z' },
    ]
    for (const condition of failing) {
      const [error] = (await remove('plain', [{ Key: 'c', ...condition }])).children
      assert.ok(error)
      assert.deepEqual([error.name, textOf(error, 'Code')], ['Error', 'PreconditionFailed'])
    }
    assert.equal(await current('plain', 'c'), 'object')
    const met = { Key: 'c', ETag: etag, LastModifiedTime: time, Size: '1' }
    assert.deepEqual(textsOf(await remove('plain', [met]), 'Deleted', 'Key'), ['c'])
    assert.equal(await current('plain', 'c'), undefined)
    const [missing] = (await remove('plain', [{ Key: 'c', ETag: '*' }])).children
    assert.ok(missing)
    assert.equal(textOf(missing, 'Code'), 'NoSuchKey')
  })

  test('reports a version id that cannot be, or a key that is too long, for that entry alone', async () => {
    await put('plain', 'd')
    const result = await remove('plain', [
      { Key: 'd', VersionId: 'x' },
      { Key: 'ä'.repeat(513) },
      { Key: 'd' },
    ])
    assert.deepEqual(textsOf(result, 'Error', 'Code'), ['NoSuchVersion', 'KeyTooLongError'])
    assert.deepEqual(textsOf(result, 'Deleted', 'Key'), ['d'])
  })

  test('deletes a thousand objects of awkward names in one request', async () => {
    const bucket = await harness.makeBucket('many')
    const keys = Array.from({ length: 1000 }, (_, at) => ` ${at} <&>"\u0001\r\n\u{1f600}`)
    await Promise.all(keys.map((key) => harness.run(putObject, { bucket: 'many', key, body: '' })))
    const result = await remove(
      'many',
      keys.map((Key) => ({ Key })),
    )
    assert.deepEqual(textsOf(result, 'Deleted', 'Key'), keys)
    const left = await harness.services.metadata.objects.list(bucket, { prefix: '', limit: 10 })
    assert.deepEqual(left.entries, [])
  })

  test('wants a digest of the request, before it reads it', async () => {
    const read = harness.bodiesRead
    const bare = { ...request('plain', [{ Key: 'a' }]), headers: {} }
    const error = await harness.refusal(deleteObjects, bare)
    assert.deepEqual(
      [error.code, error.message],
      [
        'InvalidRequest',
        'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
      ],
    )
    assert.equal(harness.bodiesRead, read)
    const headers = { 'x-amz-checksum-crc32': 'AAAAAA==' }
    assert.equal((await harness.run(deleteObjects, { ...bare, headers })).status, 200)
    const trailers = { 'x-amz-checksum-crc64nvme': 'x' }
    assert.equal((await harness.run(deleteObjects, { ...bare, trailers })).status, 200)
  })

  test('deletes nothing when the document is malformed, or the bucket not there', async () => {
    await put('plain', 'e')
    const many = Array.from({ length: 1001 }, () => ({ Key: 'e' }))
    assert.equal(
      (await harness.refusal(deleteObjects, request('plain', many))).code,
      'MalformedXML',
    )
    const absent = request('nothing', [{ Key: 'e' }])
    assert.equal((await harness.refusal(deleteObjects, absent)).code, 'NoSuchBucket')
    assert.equal(await current('plain', 'e'), 'object')
  })
})
