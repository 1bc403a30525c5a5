import assert from 'node:assert/strict'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { deleteObjectTagging } from '../../../../gateway/s3/operations/delete-object-tagging.ts'
import { getObjectTagging } from '../../../../gateway/s3/operations/get-object-tagging.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { putObjectTagging } from '../../../../gateway/s3/operations/put-object-tagging.ts'
import { renderTagging } from '../../../../protocol/s3/xml/render-tagging.ts'
import { describe } from '../../../support/describe.ts'
import { bodyOfReply, GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'

const operations = [getObjectTagging, putObjectTagging, deleteObjectTagging]
const changes = [putObjectTagging, deleteObjectTagging]
const color = [{ key: 'color', value: 'dark blue' }]
const body = renderTagging(color)
const absentId = '0'.repeat(32)

describe('PutObjectTagging, GetObjectTagging, DeleteObjectTagging', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('plain')
    await harness.makeBucket('versioned', 'enabled')
  })
  test.after(() => harness.close())

  const put = async (bucket: string, key: string) =>
    headerOf(await harness.run(putObject, { bucket, key, body: key }), 'x-amz-version-id') ?? ''
  const tagsOf = async (bucket: string, key: string, query = '') =>
    (await bodyOfReply(await harness.run(getObjectTagging, { bucket, key, query }))).toString()

  test('an object has no tags, then those it was given, then none again', async () => {
    await put('plain', 'a')
    assert.equal(await tagsOf('plain', 'a'), renderTagging([]))
    const set = await harness.run(putObjectTagging, { bucket: 'plain', key: 'a', body })
    assert.deepEqual([set.status, headerOf(set, 'x-amz-version-id')], [200, undefined])
    assert.equal(await tagsOf('plain', 'a'), body)
    const removed = await harness.run(deleteObjectTagging, { bucket: 'plain', key: 'a' })
    assert.equal(removed.status, 204)
    assert.equal(await tagsOf('plain', 'a'), renderTagging([]))
  })

  test('tags belong to a version, whose id the replies name', async () => {
    const old = await put('versioned', 'a')
    const current = await put('versioned', 'a')
    const query = `versionId=${old}`
    const set = await harness.run(putObjectTagging, { bucket: 'versioned', key: 'a', query, body })
    assert.equal(headerOf(set, 'x-amz-version-id'), old)
    assert.equal(await tagsOf('versioned', 'a', query), body)
    assert.equal(await tagsOf('versioned', 'a'), renderTagging([]))
    const got = await harness.run(getObjectTagging, { bucket: 'versioned', key: 'a' })
    assert.equal(headerOf(got, 'x-amz-version-id'), current)
    const removed = await harness.run(deleteObjectTagging, { bucket: 'versioned', key: 'a', query })
    assert.equal(headerOf(removed, 'x-amz-version-id'), old)
    assert.equal(await tagsOf('versioned', 'a', query), renderTagging([]))
  })

  test('what is not there is not found', async () => {
    await put('versioned', 'here')
    const absent = [
      [{ bucket: 'plain', key: 'nothing' }, 'NoSuchKey'],
      [{ bucket: 'versioned', key: 'here', query: `versionId=${absentId}` }, 'NoSuchVersion'],
      [{ bucket: 'nothing', key: 'here' }, 'NoSuchBucket'],
      [{ bucket: 'versioned', key: 'here', query: 'versionId=x' }, 'InvalidArgument'],
    ] as const
    for (const operation of operations) {
      for (const [request, code] of absent) {
        assert.equal((await harness.refusal(operation, { ...request, body })).code, code)
      }
    }
  })

  test('a delete marker has no tags', async () => {
    await put('versioned', 'gone')
    const request = { bucket: 'versioned', key: 'gone', body }
    const id = headerOf(await harness.run(deleteObject, request), 'x-amz-version-id')
    const query = `versionId=${id}`
    for (const operation of operations) {
      const named = await harness.refusal(operation, { ...request, query })
      assert.deepEqual(
        [named.code, named.headers['x-amz-delete-marker'], named.headers['x-amz-version-id']],
        ['MethodNotAllowed', 'true', id],
      )
    }
    for (const operation of changes) {
      const current = await harness.refusal(operation, request)
      assert.deepEqual(
        [current.code, current.headers.Allow, current.details.ResourceType],
        ['MethodNotAllowed', 'DELETE', 'DeleteMarker'],
      )
    }
    const read = await harness.refusal(getObjectTagging, request)
    assert.deepEqual([read.code, read.headers['x-amz-delete-marker']], ['NoSuchKey', 'true'])
  })

  test('tags that break a rule change nothing', async () => {
    await put('plain', 'kept')
    const request = { bucket: 'plain', key: 'kept' }
    await harness.run(putObjectTagging, { ...request, body })
    const eleven = Array.from({ length: 11 }, (_, at) => ({ key: `k${at}`, value: '' }))
    const refused = [
      [renderTagging(eleven), 'BadRequest'],
      [renderTagging([...color, ...color]), 'InvalidTag'],
      ['<Tagging><TagSet><Tag/></TagSet></Tagging>', 'MalformedXML'],
      ['', 'MissingRequestBodyError'],
    ] as const
    for (const [bad, code] of refused) {
      assert.equal((await harness.refusal(putObjectTagging, { ...request, body: bad })).code, code)
    }
    assert.equal(await tagsOf('plain', 'kept'), body)
  })
})
