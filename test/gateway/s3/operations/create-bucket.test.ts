import assert from 'node:assert/strict'
import { createBucket } from '../../../../gateway/s3/operations/create-bucket.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import { tenant } from '../../../contracts/metadata-fixture.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'

const configuration = (inner: string) =>
  `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</CreateBucketConfiguration>`
const located = (region: string) =>
  configuration(`<LocationConstraint>${region}</LocationConstraint>`)

describe('CreateBucket', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
  })
  test.after(() => harness.close())

  const find = (name: string) => harness.services.metadata.buckets.get(defaultNamespace, name)

  const tagsOf = async (name: string) => {
    const bucket = await find(name)
    const { bucketConfigs } = harness.services.metadata
    return bucket && (await bucketConfigs.get(bucket, 'tagging'))?.document
  }

  test('makes an unversioned bucket and says where it is', async () => {
    const reply = await harness.run(createBucket, { bucket: 'plain' })
    assert.equal(reply.status, 200)
    assert.equal(headerOf(reply, 'Location'), '/plain')
    const bucket = await find('plain')
    assert.equal(bucket?.versioning, 'off')
    assert.equal(bucket?.region, 'us-east-1')
    assert.equal(bucket?.createdMs, harness.nowMs)
  })

  test('makes a bucket of one’s own a second time in us-east-1, and changes nothing of it', async () => {
    const tags = configuration('<Tags><Tag><Key>team</Key><Value>a</Value></Tag></Tags>')
    await harness.run(createBucket, { bucket: 'again', body: tags })
    const before = await find('again')
    for (const body of ['', located('us-east-1'), configuration('')]) {
      const reply = await harness.run(createBucket, { bucket: 'again', body })
      assert.deepEqual([reply.status, headerOf(reply, 'Location')], [200, '/again'])
    }
    assert.deepEqual(await find('again'), before)
    const headers = { 'x-amz-acl': 'public-read' }
    const opened = await harness.refusal(createBucket, { bucket: 'again', headers })
    assert.equal(opened.code, 'InvalidBucketAclWithObjectOwnership')
  })

  test('refuses to make a bucket a second time in any other region', async () => {
    const elsewhere = await GatewayHarness.open({ region: 'eu-west-1' })
    for (const body of ['', located('eu-west-1')]) {
      await elsewhere.run(createBucket, { bucket: `again${body.length}` })
      const error = await elsewhere.refusal(createBucket, { bucket: `again${body.length}`, body })
      assert.deepEqual(
        [error.code, error.status, error.details.BucketName],
        ['BucketAlreadyOwnedByYou', 409, `again${body.length}`],
      )
    }
    await elsewhere.close()
  })

  test('refuses a name that somebody else has, and changes nothing of his bucket', async () => {
    const theirs = await harness.services.metadata.buckets.create({
      namespace: defaultNamespace,
      tenantId: tenant('somebody-else'),
      name: 'theirs',
      region: 'us-east-1',
      createdMs: 1,
    })
    const error = await harness.refusal(createBucket, { bucket: 'theirs' })
    assert.deepEqual(
      [error.code, error.status, error.details.BucketName],
      ['BucketAlreadyExists', 409, 'theirs'],
    )
    assert.deepEqual(await find('theirs'), theirs.bucket)
  })

  test('takes any region as location where all names mean this one, and stays where it is', async () => {
    const anywhere = await GatewayHarness.open({ anyRegion: true })
    const { buckets } = anywhere.services.metadata
    for (const region of ['eu-west-1', 'auto', 'EU', 'berlin']) {
      const bucket = `in-${region.toLowerCase()}`
      await anywhere.run(createBucket, { bucket, body: located(region) })
      assert.equal((await buckets.get(defaultNamespace, bucket))?.region, 'us-east-1')
      const again = await anywhere.refusal(createBucket, { bucket, body: located(region) })
      assert.equal(again.code, 'BucketAlreadyOwnedByYou')
    }
    const body = located('no region')
    const error = await anywhere.refusal(createBucket, { bucket: 'none', body })
    assert.equal(error.code, 'InvalidLocationConstraint')
    await anywhere.close()
  })

  test('refuses names that S3 does not allow', async () => {
    for (const bucket of ['ab', 'Upper', 'a..b', '10.0.0.1', 'xn--a', '-a-', 'a'.repeat(64)]) {
      assert.equal((await harness.refusal(createBucket, { bucket })).code, 'InvalidBucketName')
    }
  })

  test('takes the region of this server as location, and no other', async () => {
    await harness.run(createBucket, { bucket: 'here', body: located('us-east-1') })
    await harness.run(createBucket, { bucket: 'anywhere', body: located('') })
    const elsewhere = await harness.refusal(createBucket, {
      bucket: 'elsewhere',
      body: located('eu-west-1'),
    })
    assert.equal(elsewhere.code, 'IllegalLocationConstraintException')
    assert.equal(
      elsewhere.message,
      'The eu-west-1 location constraint is incompatible for the region specific endpoint this request was sent to.',
    )
    const nowhere = await harness.refusal(createBucket, {
      bucket: 'nowhere',
      body: located('moon'),
    })
    assert.deepEqual(
      [nowhere.code, nowhere.details.LocationConstraint],
      ['InvalidLocationConstraint', 'moon'],
    )
    assert.equal(await find('elsewhere'), undefined)
  })

  test('tags the bucket', async () => {
    const tags = '<Tags><Tag><Key>team</Key><Value>a b</Value></Tag></Tags>'
    await harness.run(createBucket, { bucket: 'tagged', body: configuration(tags) })
    assert.deepEqual(await tagsOf('tagged'), [{ key: 'team', value: 'a b' }])
  })

  test('takes headers that ask for what holds anyway', async () => {
    const headers = {
      'x-amz-acl': 'private',
      'x-amz-object-ownership': 'BucketOwnerEnforced',
      'x-amz-bucket-object-lock-enabled': 'false',
    }
    assert.equal((await harness.run(createBucket, { bucket: 'harmless', headers })).status, 200)
  })

  test('refuses headers that ask for what is not there, before it reads the body', async () => {
    const read = harness.bodiesRead
    const refused = [
      [{ 'x-amz-bucket-object-lock-enabled': 'true' }, 'NotImplemented'],
      [{ 'x-amz-bucket-object-lock-enabled': 'perhaps' }, 'InvalidArgument'],
      [{ 'x-amz-acl': 'public-read' }, 'InvalidBucketAclWithObjectOwnership'],
      [{ 'x-amz-acl': 'everybody' }, 'InvalidArgument'],
      [{ 'x-amz-grant-read': `id="${'a'.repeat(64)}"` }, 'InvalidBucketAclWithObjectOwnership'],
      [{ 'x-amz-object-ownership': 'Nobody' }, 'InvalidArgument'],
    ] as const
    for (const [headers, code] of refused) {
      assert.equal((await harness.refusal(createBucket, { bucket: 'asking', headers })).code, code)
    }
    assert.equal(harness.bodiesRead, read)
    assert.equal(await find('asking'), undefined)
  })

  test('refuses a body that is something else', async () => {
    const error = await harness.refusal(createBucket, { bucket: 'odd', body: '<Delete/>' })
    assert.equal(error.code, 'MalformedXML')
  })
})
