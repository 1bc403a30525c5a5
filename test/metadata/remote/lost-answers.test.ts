// The contract of `MetadataStore`, while calls of every verb that may be made again are lost: the connection is cut when
// the service has acted, and before the call has come to it. And what becomes of those that may not.
import assert from 'node:assert/strict'
import { StoreUnavailable } from '../../../metadata/store-unavailable.ts'
import { servedVerbs } from '../../../metadata/wire/verb-table.ts'
import { metadataStoreContract } from '../../contracts/metadata-store.ts'
import { describe } from '../../support/describe.ts'
import { CuttingProxy, type Fate } from '../cutting-proxy.ts'
import { ServedMetadata } from '../served-metadata.ts'

const rows = new Map(servedVerbs.map(({ noun, verb, row }) => [`${noun}.${verb}`, row]))
/** Whose answer is the same the second time. */
function isAlike(verb: string): boolean {
  const row = rows.get(verb)
  return row?.is === 'named' || (row?.is !== 'once' && row?.counts !== true)
}

/** Of the calls of each verb, the first ones. */
const fates: readonly Fate[] = ['loseAnswer', 'loseCall']

async function behindProxy(decide: (verb: string) => Fate) {
  const served = await ServedMetadata.start()
  const [service] = served.services
  assert.ok(service)
  const proxy = await CuttingProxy.before(service.url)
  proxy.decide = decide
  const client = await served.client({ endpoints: [proxy.url] })
  const close = async () => {
    await client.close()
    await proxy.close()
    await served.stop()
  }
  return { client, proxy, service, close }
}

metadataStoreContract('remote, calls and answers of every verb lost', async () => {
  const counts = new Map<string, number>()
  const { client, close } = await behindProxy((verb) => {
    const count = counts.get(verb) ?? 0
    counts.set(verb, count + 1)
    return isAlike(verb) ? (fates[count] ?? 'pass') : 'pass'
  })
  return { store: client, close }
})

describe('verbs that are asked once', (test) => {
  const calls: Readonly<Record<string, readonly unknown[]>> = {
    'outbox.claim': [{ kinds: ['note'], owner: 'p', leaseMs: 1, limit: 1 }],
    'jobs.claimDue': [{ lane: 'l', owner: 'p', nowMs: 1, untilMs: 2, notOf: [] }],
    'orphans.served': [1000],
  }
  for (const [name, args] of Object.entries(calls)) {
    test(`${name} tells that its answer was lost, and is not asked again`, async () => {
      const { client, proxy, close } = await behindProxy(() => 'loseAnswer')
      try {
        const [noun = '', verb = ''] = name.split('.')
        const target: object = Reflect.get(client, noun)
        await assert.rejects(Reflect.get(target, verb)(...args), StoreUnavailable)
        assert.deepEqual(proxy.seen, [name])
      } finally {
        await close()
      }
    })
  }

  test('what was added by a lost answer is added once', async () => {
    const { client, proxy, service, close } = await behindProxy(() => 'loseAnswer')
    try {
      await assert.rejects(client.orphans.served(1000), StoreUnavailable)
      proxy.decide = () => 'pass'
      assert.equal(await client.orphans.served(0), 1000)
      assert.equal(await service.store.orphans.served(0), 1000)
    } finally {
      await close()
    }
  })
})
