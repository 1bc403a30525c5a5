// Which rules are found for a bucket, and when they are asked for again.
import assert from 'node:assert/strict'
import { makeFindCorsRules } from '../../../gateway/access/cors-rules.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import type { Bucket } from '../../../metadata/records.ts'
import type { CorsRule } from '../../../protocol/s3/cors/cors-rule.ts'
import { describe } from '../../support/describe.ts'
import { GatewayHarness } from '../../support/gateway-harness.ts'

const rule = (origin: string): CorsRule => ({
  ...{ allowedMethods: ['GET'], allowedOrigins: [origin], allowedHeaders: [], exposeHeaders: [] },
})
const mib = 1024 * 1024

describe('the CORS rules of a bucket', (test) => {
  let harness: GatewayHarness
  let reads = 0
  test.before(async () => {
    harness = await GatewayHarness.open()
  })
  test.after(() => harness.close())

  const finder = (origins: readonly string[] = [], heldBytesMax = mib) => {
    const { bucketConfigs } = harness.services.metadata
    const counted = new Proxy(bucketConfigs, {
      get: (target, name) => {
        const verb: unknown = Reflect.get(target, name)
        if (name !== 'get' || typeof verb !== 'function') return verb
        return (...args: readonly unknown[]) => {
          reads += 1
          return Reflect.apply(verb, target, args)
        }
      },
    })
    reads = 0
    return makeFindCorsRules({ metadata: { bucketConfigs: counted }, origins, heldBytesMax })
  }
  const fresh = async (name: string): Promise<Bucket> => {
    const found = await harness.services.metadata.buckets.get(defaultNamespace, name)
    return found ?? harness.makeBucket(name)
  }
  const put = async (name: string, document: readonly CorsRule[]) => {
    const { bucketConfigs } = harness.services.metadata
    await bucketConfigs.put(await fresh(name), 'cors', { document })
    return fresh(name)
  }

  test('are those of the server where it has none, and none where the server has none', async () => {
    const bucket = await fresh('bare')
    assert.deepEqual(await finder()(bucket), [])
    assert.deepEqual(await finder()(undefined), [])
    const [usual, ...others] = await finder(['https://a', 'https://b'])(bucket)
    assert.deepEqual([usual?.allowedOrigins, others], [['https://a', 'https://b'], []])
    assert.deepEqual(usual?.allowedHeaders, ['*'])
    assert.ok(usual?.exposeHeaders.includes('ETag'))
  })

  test('cost nothing where nothing was ever set', async () => {
    const find = finder()
    await find(await fresh('bare'))
    assert.equal(reads, 0)
  })

  test('are the bucket’s own in place of the server’s, until they are removed', async () => {
    const find = finder(['*'])
    const set = await put('own', [rule('https://own')])
    assert.deepEqual(await find(set), [rule('https://own')])
    await harness.services.metadata.bucketConfigs.delete(set, 'cors')
    assert.deepEqual((await find(await fresh('own')))[0]?.allowedOrigins, ['*'])
  })

  test('are read once a revision, also when there are none', async () => {
    const find = finder()
    const first = await put('often', [rule('https://1')])
    for (let time = 0; time < 3; time += 1) await find(first)
    assert.equal(reads, 1)
    const second = await put('often', [rule('https://2')])
    for (let time = 0; time < 3; time += 1) {
      assert.deepEqual(await find(second), [rule('https://2')])
    }
    assert.equal(reads, 2)
    await harness.services.metadata.bucketConfigs.delete(second, 'cors')
    const third = await fresh('often')
    for (let time = 0; time < 3; time += 1) assert.deepEqual(await find(third), [])
    assert.equal(reads, 3)
  })

  test('are of no bucket that had the name before', async () => {
    const find = finder()
    const old = await put('again', [rule('https://old')])
    await find(old)
    await harness.services.metadata.buckets.delete(old)
    const made = await put('again', [rule('https://new')])
    assert.equal(made.configRevision, old.configRevision)
    assert.deepEqual(await find(made), [rule('https://new')])
  })

  test('are remembered within bounds: those not asked for longest are read again', async () => {
    const find = finder([], 4_000)
    const large = [rule('o'.repeat(600))]
    const buckets: Bucket[] = []
    for (const name of ['one', 'two', 'three', 'four']) buckets.push(await put(name, large))
    for (const bucket of buckets) await find(bucket)
    assert.equal(reads, 4)
    const [first] = buckets
    assert.deepEqual(first && (await find(first)), large)
    assert.equal(reads, 5)
    // What is larger than all that may be remembered is read each time.
    const huge = await put('huge', [rule('o'.repeat(4_000))])
    await find(huge)
    await find(huge)
    assert.equal(reads, 7)
  })

  test('that cannot be read are nobody’s: the request is not answered as if there were none', async () => {
    const bucket = await put('away', [rule('*')])
    const failing: Pick<MetadataStore['bucketConfigs'], 'get'> = {
      get: () => Promise.reject(new Error('out of reach')),
    }
    const bucketConfigs = { ...harness.services.metadata.bucketConfigs, ...failing }
    const find = makeFindCorsRules({
      ...{ metadata: { bucketConfigs }, origins: ['*'], heldBytesMax: mib },
    })
    await assert.rejects(find(bucket), /out of reach/)
  })
})
