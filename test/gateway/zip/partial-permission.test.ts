// Zips, bundles and archive jobs of somebody who may read some of what they would hold: he gets nothing.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import type { User } from '../../../gateway/access/identity.ts'
import { archivesRoutes } from '../../../gateway/archive-jobs/archives-routes.ts'
import { bundlesRoutes } from '../../../gateway/bundles/bundles-routes.ts'
import type { Gatherer } from '../../../gateway/bundles/external/gather-sources.ts'
import type { NativeCall, NativeRoute } from '../../../gateway/native-api/native-route.ts'
import type { Reply } from '../../../gateway/reply.ts'
import { makeGetBucketZip } from '../../../gateway/s3/operations/get-bucket-zip.ts'
import { putObject } from '../../../gateway/s3/operations/put-object.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { SigningKeyCache } from '../../../protocol/s3/sigv4/signing-keys.ts'
import { describe } from '../../support/describe.ts'
import { GatewayHarness } from '../../support/gateway-harness.ts'
import { resourceName } from '../../support/policy.ts'
import { bucket, bytesOf, etagOf, unzip, ZipFixture } from './zip-fixture.ts'

/** Nothing is gathered here. */
const noGatherer: Gatherer = {
  gather: () => assert.fail('nothing lies elsewhere'),
  forget: async () => {},
}

type Route = (call: NativeCall) => Promise<Reply>

/** The one that makes something. */
function posted(routes: readonly NativeRoute[]): Route {
  const route = routes.find(({ method }) => method === 'POST')
  assert.ok(route !== undefined)
  return (call) => route.answer(call, () => assert.fail('it has no parameter'))
}

describe('who may not read all that a zip would hold', (test) => {
  let fixture: ZipFixture
  let ann: User
  let bundles: Route
  let archives: Route
  const readable = /^zipped\/(docs\/open|docs\/deep\/)/
  test.before(async () => {
    const harness = await GatewayHarness.open({
      authorize: ({ identity, action, resource }) => {
        if (identity.is === 'user' && identity.userName === 'root') return true
        return action !== 's3:GetObject' || readable.test(resourceName(resource))
      },
    })
    await harness.makeBucket(bucket)
    fixture = ZipFixture.over(harness)
    ann = { ...harness.root, userName: 'ann' }
    for (const key of ['docs/open', 'docs/open-too', 'docs/secret', 'docs/deep/a', 'docs/deep/b']) {
      await fixture.put(key, `body of ${key}`)
    }
    const { metadata, now, keysOfTenant } = harness.services
    const deps = {
      ...{ metadata, now, keysOfTenant, zip: fixture.zip, random: randomBytes },
      sources: { externalSources: 'off', externalHttp: false } as const,
      gatherer: noGatherer,
      credentials: async () => ({ identity: ann, secretAccessKey: 'secret' }),
      signingKeys: new SigningKeyCache({ entriesMax: 1 }),
    }
    bundles = posted(bundlesRoutes(deps))
    archives = posted(archivesRoutes(deps))
  })
  test.after(() => fixture.harness.close())

  const post = (route: Route, json: unknown, by: User): Promise<Reply> =>
    route(fixture.harness.nativeCall({ method: 'POST', body: JSON.stringify(json), by }))
  const deniedKey = async (reply: Promise<unknown>): Promise<string | undefined> => {
    const cause = await reply.then(() => assert.fail('it was not refused')).catch((e: unknown) => e)
    assert.ok(cause instanceof S3Error && cause.code === 'AccessDenied', String(cause))
    return cause.details.Key
  }

  test('gets none of it, and hears of a key that is in the way', async () => {
    assert.equal(await deniedKey(fixture.ask({ prefix: 'docs/', by: ann })), 'docs/secret')
    assert.equal(await deniedKey(fixture.askHead({ prefix: 'docs/', by: ann })), 'docs/secret')
    assert.equal(await deniedKey(fixture.ask({ by: ann })), 'docs/secret')
  })

  test('gets it where all may be read', async () => {
    for (const prefix of ['docs/deep/', 'docs/open']) {
      const reply = await fixture.ask({ prefix, by: ann })
      assert.equal(unzip(await bytesOf(reply)).size, 2)
    }
  })

  test('does not get the frozen list of somebody who may', async () => {
    const etag = etagOf(await fixture.ask({ prefix: 'docs/' }))
    for (const headers of [{ 'if-match': etag }, { range: 'bytes=0-9' }, { 'if-range': etag }]) {
      const asked = fixture.ask({ prefix: 'docs/', headers, by: ann })
      assert.equal(await deniedKey(asked), 'docs/secret')
    }
  })

  test('makes no bundle of it by prefix, glob or key, and one of the rest', async () => {
    for (const entry of [{ prefix: 'docs/' }, { glob: 'docs/*' }, { key: 'docs/secret' }]) {
      const denied = await deniedKey(post(bundles, { bucket, entries: [entry] }, ann))
      assert.equal(denied, 'key' in entry ? undefined : 'docs/secret')
    }
    const rest = [{ prefix: 'docs/deep/' }, { glob: 'docs/open*' }]
    assert.equal((await post(bundles, { bucket, entries: rest }, ann)).status, 201)
    const all = { bucket, entries: [{ prefix: 'docs/' }] }
    assert.equal((await post(bundles, all, fixture.harness.root)).status, 201)
  })

  test('queues no archive of it, and one of the rest', async () => {
    const order = (prefix: string) => ({ bucket, prefix, destination: { bucket, key: 'x.zip' } })
    assert.equal(await deniedKey(post(archives, order('docs/'), ann)), 'docs/secret')
    assert.equal((await post(archives, order('docs/deep/'), ann)).status, 202)
  })

  test('but all of another tenant’s bucket, gets it with the keys of that tenant', async () => {
    const { harness } = fixture
    const { root, keys } = harness.addTenant('other')
    await harness.makeBucket('theirs', 'off', keys.tenantId)
    const body = Buffer.alloc(50_000, 'theirs')
    await harness.run(putObject, { bucket: 'theirs', key: 'k', body, by: root })
    const zipped = await harness.run(
      { GetBucketZip: makeGetBucketZip(fixture.zip) },
      { bucket: 'theirs', query: 'zip' },
    )
    const order = { bucket: 'theirs', entries: [{ prefix: '' }] }
    const call = harness.nativeCall({
      method: 'POST',
      query: 'download',
      body: JSON.stringify(order),
    })
    for (const reply of [zipped, await bundles(call)]) {
      assert.ok(
        unzip(await bytesOf(reply))
          .get('k')
          ?.equals(body),
      )
    }
    assert.equal((await post(bundles, order, harness.root)).status, 201)
    const [bundle] = await harness.services.metadata.bundles.list(keys.tenantId, { limit: 2 })
    assert.equal(bundle?.bucketName, 'theirs')
  })
})
