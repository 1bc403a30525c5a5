// Every verb that writes, cut off at every command that it sends to MongoDB: before the server has it, or when the server
// has acted and its answer is on the way; once, or from then on. It answers, or is out of reach, in time; asked again, what
// is stored is what one call makes. Of the four ways to cut off each command, one of every second command by lot; all of them by hand, or those of some verbs:
//   node dist/test/metadata/mongodb-cut-commands.test.js --all --verb objects.commit
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Bucket } from '../../metadata/records.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import {
  beginOwner,
  chunk,
  drain,
  listId,
  makeBucket,
  processOwner,
  put,
  tenantId,
} from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { MongoProxy } from '../support/mongo-proxy.ts'
import { type MongoServer, startOwnMongoServer } from '../support/mongo-server.ts'
import { emptyDatabase } from '../support/mongo-stores.ts'
import { onMongo } from '../support/on-mongo.ts'
import { type SeededBytes, seededBytes } from '../support/seeded-bytes.ts'
import { otherWriteVerbs } from './mongodb-other-write-verbs.ts'
import { type Stored, storedIn } from './mongodb-stored.ts'
import { type WriteVerb, writeVerbs } from './mongodb-write-verbs.ts'

const { values } = parseArgs({
  options: { all: { type: 'boolean' }, verb: { type: 'string' } },
  strict: false,
})
/** Of the driver, for one answer; and of a verb that runs anew. */
const giveUpMs = 2000
const verbMs = 150
/** Far more than any verb may take: it ends, is what this is to show. */
const endlessMs = 60_000

type Harm = {
  readonly at: number
  readonly fate: 'cutBefore' | 'cutAfter' | 'hold'
  readonly isLasting: boolean
}
type Shown = { readonly outcome: string; readonly before: Stored; readonly after: Stored }

const page = { prefix: '', limit: 9 }
const reads: readonly ((store: MongoMetadataStore, bucket: Bucket) => Promise<unknown>)[] = [
  ({ tenants }) => tenants.get(tenantId),
  ({ tenants }) => tenants.getAccessKey('AKIA'),
  ({ tenants }) => tenants.byName('root'),
  ({ tenants }) => tenants.listAccessKeys(tenantId, { limit: 9 }),
  ({ tenants }) => tenants.keyUse('AKIA'),
  ({ identities }) => identities.revision(tenantId),
  ({ identities }) => identities.get(tenantId, 'user', 'ann'),
  ({ identities }) => identities.getMany(tenantId, [{ kind: 'user', name: 'ann' }]),
  ({ identities }) => identities.list(tenantId, 'user', { limit: 9 }),
  ({ identities }) => identities.count(tenantId, 'user', 9),
  ({ buckets }) => buckets.get(defaultNamespace, 'b'),
  ({ buckets }) => buckets.list(tenantId, { namespace: defaultNamespace, ...page }),
  ({ bucketConfigs }, bucket) => bucketConfigs.get(bucket, 'tagging'),
  ({ objects }, bucket) => objects.get(bucket, 'k'),
  ({ objects }, bucket) => objects.get(bucket, 'k', 'null'),
  ({ objects }, bucket) => objects.list(bucket, page),
  ({ objects }, bucket) => objects.listVersions(bucket, page),
  ({ objects }, { id }) => objects.getRow(id, 'k', 'f'.repeat(32)),
  ({ objects }, { id }) => objects.dataOfRows(id, [{ key: 'k', rowId: 'f'.repeat(32) }]),
  ({ objects }, bucket) => objects.freezePage(bucket, page),
  ({ uploads }, bucket) => uploads.list(bucket, page),
  ({ chunks }) => chunks.find(tenantId, [chunk('a', 1).id]),
  ({ chunks }) => chunks.readList(listId('a'), 0, 9),
  ({ chunks }) => chunks.list({ limit: 9 }),
  ({ chunks }) => chunks.areReferenced([chunk('a', 1)]),
  ({ orphans }) => orphans.count(),
  ({ orphans }) => orphans.served(0),
  ({ orphans }) => orphans.defersDeletions(),
  ({ outbox }) => outbox.claim({ kinds: ['release'], owner: 'p', leaseMs: 1, limit: 9 }),
  ({ outbox }) => outbox.depthEstimate(),
  ({ outbox }) => outbox.buriedEstimate(),
  ({ owners }) => owners.ended({ limit: 9 }),
  ({ leases }) => leases.holding('zip', { limit: 9 }),
  ({ manifests }) => manifests.stale({ usedBeforeMs: 5, limit: 9 }),
  ({ manifests }) => manifests.ofScope(tenantId, 'all', 9),
  ({ manifests }) => manifests.ofTenant(tenantId, { limit: 9 }),
  ({ bundles }) => bundles.list(tenantId, { limit: 9 }),
  ({ bundles }) => bundles.expired({ expiresBeforeMs: 5, limit: 9 }),
  ({ usage }, bucket) => usage.ofBucket(bucket),
  ({ usage }) => usage.ofTenant(tenantId),
  ({ jobs }) => jobs.list({ kind: 'archive', tenantId }, { limit: 9 }),
]

class Rig {
  readonly #server: MongoServer
  readonly proxy: MongoProxy
  /** Through the proxy. */
  readonly harmed: MongoMetadataStore
  readonly sound: MongoMetadataStore

  private constructor(
    server: MongoServer,
    proxy: MongoProxy,
    stores: Readonly<Record<'harmed' | 'sound', MongoMetadataStore>>,
  ) {
    this.#server = server
    this.proxy = proxy
    this.harmed = stores.harmed
    this.sound = stores.sound
  }

  static async open(): Promise<Rig> {
    const server = await startOwnMongoServer()
    const uri = server.forDatabase('cut')
    await initDatabaseAt({ uri })
    const proxy = await MongoProxy.start(server.uri)
    const sound = await MongoMetadataStore.open({ uri, random: randomBytes })
    const harmed = await MongoMetadataStore.open({
      ...{ uri: proxy.uri('cut', giveUpMs), random: randomBytes, verbMs },
    })
    return new Rig(server, proxy, { harmed, sound })
  }

  /** A call that nothing befalls: what it sends, answers and stores. */
  async measure(verb: WriteVerb): Promise<Shown & { readonly commands: readonly string[] }> {
    const call = await this.#prepare(verb)
    this.proxy.decide(() => 'pass')
    const outcome = outcomeOf(await call(this.harmed))
    const commands = [...this.proxy.commands]
    return { commands, outcome, ...(await this.#show()) }
  }

  async harm(verb: WriteVerb, { at, fate, isLasting }: Harm): Promise<readonly [string, Shown]> {
    const call = await this.#prepare(verb)
    this.proxy.decide((number) => {
      return number === at || (isLasting && number > at) ? fate : 'pass'
    })
    const first = await inTime(outcomeWhenHarmed(call, this.harmed))
    this.proxy.decide(() => 'pass')
    await this.proxy.endTransactions({ afterMs: 0 })
    const outcome = outcomeOf(await call(this.sound))
    return [first, { outcome, ...(await this.#show()) }]
  }

  async #prepare(verb: WriteVerb) {
    await emptyDatabase(this.sound)
    await beginOwner(this.sound, processOwner)
    return verb.prepare(this.sound)
  }

  async prepareReads(): Promise<void> {
    await emptyDatabase(this.sound)
    await put(this.sound, await makeBucket(this.sound, 'b'), 'k')
  }

  async bucket(): Promise<Bucket> {
    const bucket = await this.sound.buckets.get(defaultNamespace, 'b')
    assert.ok(bucket)
    return bucket
  }

  /** When all that may be released is, and again when nothing is held any more. */
  async #show(): Promise<Pick<Shown, 'before' | 'after'>> {
    const before = await this.#drained()
    await this.sound.leases.expire(Number.MAX_SAFE_INTEGER)
    return { before, after: await this.#drained() }
  }

  async #drained(): Promise<Stored> {
    // What a call that was cut off has claimed comes back when its lease has ended.
    const deleted = await drain(this.sound)
    return { deleted: [...deleted].sort(), ...(await storedIn(this.sound)) }
  }

  async close(): Promise<void> {
    await this.harmed.close()
    await this.sound.close()
    await this.proxy.close()
    await this.#server.stop()
  }
}

async function outcomeWhenHarmed(
  call: (store: MetadataStore) => Promise<unknown>,
  store: MetadataStore,
): Promise<string> {
  try {
    return outcomeOf(await call(store))
  } catch (cause) {
    if (!(cause instanceof StoreUnavailable)) throw cause
    return 'unavailable'
  }
}

/** What an answer says of itself. */
function outcomeOf(answer: unknown): string {
  if (answer === undefined) return 'nothing'
  if (typeof answer !== 'object' || answer === null || !('is' in answer)) return typeof answer
  return String(answer.is)
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not end')), endlessMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

const ways = [
  { fate: 'cutBefore', isLasting: false },
  { fate: 'cutBefore', isLasting: true },
  { fate: 'cutAfter', isLasting: false },
  { fate: 'cutAfter', isLasting: true },
] as const

function harmsOf(commands: number, random: SeededBytes): readonly Harm[] {
  return Array.from({ length: commands }, (_, index) => index + 1).flatMap((at) => {
    // Half of the lots are blanks.
    const lot = random.integer(2 * ways.length)
    const chosen = values.all ? ways : ways.slice(lot, lot + 1)
    return chosen.map((way) => ({ at, ...way }))
  })
}

onMongo('mongodb: connections that are cut', () => {
  describe('mongodb: connections that are cut', (test) => {
    let rig: Rig
    test.before(async () => {
      rig = await Rig.open()
    })
    test.after(() => rig.close())

    const random = seededBytes()
    const verbs = [...writeVerbs, ...otherWriteVerbs]
    for (const verb of verbs.filter(({ name }) => name.includes(String(values.verb ?? '')))) {
      test(`${verb.name}: cut off at any command and asked again, it is done once`, async () => {
        const { commands, outcome, ...stored } = await rig.measure(verb)
        assert.ok(commands.length > 0)
        for (const harm of harmsOf(commands.length, random)) {
          const what = `${JSON.stringify(harm)} of ${commands.join(' ')}`
          const [first, second] = await rig.harm(verb, harm).catch((cause: unknown) => {
            throw new Error(what, { cause })
          })
          assert.ok(
            [outcome, ...(verb.again ?? []), 'unavailable'].includes(first),
            `${first}: ${what}`,
          )
          assert.ok(
            [outcome, ...(verb.again ?? [])].includes(second.outcome),
            `${second.outcome}: ${what}`,
          )
          assert.deepEqual(second.before, stored.before, what)
          assert.deepEqual(second.after, stored.after, what)
        }
      })
    }

    test('an answer that is never given ends in time', async () => {
      const [verb] = writeVerbs
      assert.ok(verb)
      const { commands } = await rig.measure(verb)
      for (let at = 1; at <= commands.length; at += 1) {
        const [first] = await rig.harm(verb, { at, fate: 'hold', isLasting: true })
        assert.equal(first, 'unavailable')
      }
    })

    test('whatever is read while every command is cut off is out of reach', async () => {
      await rig.prepareReads()
      for (const [at, read] of reads.entries()) {
        rig.proxy.decide(() => (at % 2 === 0 ? 'cutBefore' : 'cutAfter'))
        const answer = inTime(read(rig.harmed, await rig.bucket()))
        await assert.rejects(answer, StoreUnavailable, `${read}`)
      }
      rig.proxy.decide(() => 'pass')
    })

    test('a server that takes no connections is out of reach, and in reach when it does again', async () => {
      rig.proxy.refuse()
      await assert.rejects(inTime(rig.harmed.tenants.list({ limit: 1 })), StoreUnavailable)
      rig.proxy.accept()
      assert.deepEqual(await rig.harmed.tenants.list({ limit: 1 }), {
        ...{ tenants: [], isTruncated: false },
      })
    })
  })
})
