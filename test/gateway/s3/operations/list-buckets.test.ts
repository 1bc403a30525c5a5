import assert from 'node:assert/strict'
import { ownerId } from '../../../../gateway/access/owner.ts'
import { listBuckets } from '../../../../gateway/s3/operations/list-buckets.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'
import { childrenOf, textOf, textsOf, xmlOf } from '../../../support/reply-xml.ts'

describe('ListBuckets', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    for (const name of ['logs-b', 'photos', 'logs-a', 'logs-c']) await harness.makeBucket(name)
    await harness.services.metadata.buckets.create({
      namespace: defaultNamespace,
      tenantId: harness.keys.tenantId,
      name: 'moved',
      region: 'eu-west-1',
      createdMs: harness.nowMs,
    })
  })
  test.after(() => harness.close())

  const list = async (query: string) => {
    const root = await xmlOf(await harness.run(listBuckets, { query }), 'ListAllMyBucketsResult')
    const buckets = childrenOf(root, 'Buckets')[0]
    assert.ok(buckets)
    return { root, names: textsOf(buckets, 'Bucket', 'Name'), first: buckets.children[0] }
  }

  test('shows all buckets of the tenant by name, with their owner', async () => {
    const { root, names, first } = await list('')
    assert.deepEqual(names, ['logs-a', 'logs-b', 'logs-c', 'moved', 'photos'])
    assert.ok(first)
    assert.equal(textOf(first, 'CreationDate'), '2026-11-21T08:00:00.000Z')
    assert.equal(textOf(first, 'BucketRegion'), 'us-east-1')
    const owner = childrenOf(root, 'Owner')[0]
    assert.ok(owner)
    assert.equal(textOf(owner, 'ID'), ownerId(harness.keys.tenantId))
    assert.match(textOf(owner, 'ID') ?? '', /^[0-9a-f]{64}$/)
    assert.equal(textOf(root, 'Prefix'), undefined)
    assert.equal(textOf(root, 'ContinuationToken'), undefined)
  })

  test('shows the buckets of a prefix in pages', async () => {
    const seen: string[] = []
    let query = 'prefix=logs-&max-buckets=2'
    for (let page = 0; page < 2; page += 1) {
      const { root, names } = await list(query)
      assert.equal(textOf(root, 'Prefix'), 'logs-')
      seen.push(...names)
      const token = textOf(root, 'ContinuationToken')
      assert.equal(token === undefined, page === 1)
      query = `prefix=logs-&max-buckets=2&continuation-token=${token}`
    }
    assert.deepEqual(seen, ['logs-a', 'logs-b', 'logs-c'])
  })

  test('gives no token behind a full last page', async () => {
    const { root } = await list('prefix=logs-&max-buckets=3')
    assert.equal(textOf(root, 'ContinuationToken'), undefined)
  })

  test('shows only the buckets of the region asked for, which must be its own', async () => {
    const { names } = await list('bucket-region=us-east-1&max-buckets=4')
    assert.deepEqual(names, ['logs-a', 'logs-b', 'logs-c', 'photos'])
    const error = await harness.refusal(listBuckets, { query: 'bucket-region=eu-west-1' })
    assert.deepEqual([error.code, error.details.ArgumentName], ['InvalidArgument', 'bucket-region'])
  })

  test('refuses page sizes and tokens that are none', async () => {
    for (const value of ['0', '10001', '-1', 'x']) {
      const error = await harness.refusal(listBuckets, { query: `max-buckets=${value}` })
      assert.deepEqual(
        [error.code, error.details.ArgumentName, error.details.ArgumentValue],
        ['InvalidArgument', 'max-buckets', value],
      )
    }
    for (const value of ['', 'x', 'photos']) {
      const error = await harness.refusal(listBuckets, { query: `continuation-token=${value}` })
      assert.equal(error.message, 'The continuation token provided is incorrect')
    }
  })
})
