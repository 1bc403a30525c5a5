// Bounds and deadlines of a metadata service and its clients, and how both end.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { MetadataDamaged } from '../../../metadata/metadata-damaged.ts'
import { MetadataFull } from '../../../metadata/metadata-full.ts'
import type { MetadataStore, VerbLimits } from '../../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { StoreUnavailable } from '../../../metadata/store-unavailable.ts'
import { makeBucket, newVersion } from '../../contracts/metadata-fixture.ts'
import { describe } from '../../support/describe.ts'
import { CuttingProxy } from '../cutting-proxy.ts'
import { ServedMetadata, type ServedOptions } from '../served-metadata.ts'

/** A store whose `tenants.list` waits until it is let go, or its call is over. */
class HeldStore {
  readonly #waiting = new Set<() => void>()
  /** Calls that have been begun, and that were ended by their signals. */
  begun = 0
  ended = 0
  #whenBegun: (() => void) | undefined
  #whenEnded: (() => void) | undefined

  between = (store: MetadataStore): MetadataStore =>
    new Proxy(store, {
      get: (target, name) => {
        if (name === 'within') return (limits: VerbLimits) => this.#limited(target, limits)
        return Reflect.get(target, name)
      },
    })

  #limited(store: MetadataStore, limits: VerbLimits): MetadataStore {
    const limited = store.within(limits)
    const list: MetadataStore['tenants']['list'] = async (page) => {
      this.begun += 1
      this.#whenBegun?.()
      await new Promise<void>((resolve, reject) => {
        this.#waiting.add(resolve)
        limits.signal.addEventListener('abort', () => {
          this.ended += 1
          this.#whenEnded?.()
          reject(limits.signal.reason)
        })
      })
      return limited.tenants.list(page)
    }
    return new Proxy(limited, {
      get: (target, name) =>
        name === 'tenants' ? { ...target.tenants, list } : Reflect.get(target, name),
    })
  }

  async untilBegun(count: number): Promise<void> {
    while (this.begun < count) await new Promise<void>((resolve) => (this.#whenBegun = resolve))
  }

  async untilEnded(count: number): Promise<void> {
    while (this.ended < count) await new Promise<void>((resolve) => (this.#whenEnded = resolve))
  }

  letGo(): void {
    for (const go of this.#waiting) go()
    this.#waiting.clear()
  }
}

async function withHeld(
  body: (held: HeldStore, served: ServedMetadata) => Promise<void>,
  options: ServedOptions = {},
): Promise<void> {
  const held = new HeldStore()
  const served = await ServedMetadata.start(1, { between: held.between, ...options })
  try {
    await body(held, served)
  } finally {
    held.letGo()
    await served.stop()
  }
}

const nothing = { tenants: [], isTruncated: false }
const page = { limit: 1 }

function isUnavailable(cause: unknown): boolean {
  return cause instanceof StoreUnavailable
}

describe('the time of a call', (test) => {
  test('passes though the engine does not answer, and the engine is told', () =>
    withHeld(async (held, served) => {
      const client = await served.client({ deadlineMs: 100 })
      await assert.rejects(client.tenants.list(page), isUnavailable)
      await held.untilEnded(1)
      assert.equal(await client.buckets.get(defaultNamespace, 'none'), undefined)
    }))

  test('passes though nobody answers at all, is there at all, or connections come to nothing', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined))
    mute.listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const address = mute.address()
    assert.ok(typeof address === 'object' && address !== null)
    const served = await ServedMetadata.start()
    const gone = await ServedMetadata.start()
    const goneUrl = gone.services[0]?.url
    await gone.stop()
    assert.ok(goneUrl)
    try {
      for (const url of [new URL(`http://127.0.0.1:${address.port}`), goneUrl]) {
        const client = await served.client({ endpoints: [url], deadlineMs: 150 })
        await assert.rejects(client.tenants.list(page), isUnavailable)
        await assert.rejects(client.orphans.served(1), isUnavailable)
        await assert.rejects(client.lineage.get(), isUnavailable)
      }
    } finally {
      await served.stop()
      mute.close()
    }
  })

  test('passes though something else than a service answers, and another service is asked first', async () => {
    const served = await ServedMetadata.start()
    const service = served.services[0]
    assert.ok(service)
    for (const status of [200, 204, 302, 418, 500, 502, 520]) {
      const asked: string[] = []
      const other = createHttpServer((incoming, outgoing) => {
        asked.push(incoming.url ?? '')
        incoming
          .resume()
          .on('end', () => outgoing.writeHead(status).end(status === 204 ? '' : '<p>'))
      })
      other.listen(0, '127.0.0.1')
      await once(other, 'listening')
      const address = other.address()
      assert.ok(typeof address === 'object' && address !== null)
      const url = new URL(`http://127.0.0.1:${address.port}`)
      const lost = await served.client({ endpoints: [url], deadlineMs: 100 })
      await assert.rejects(lost.tenants.list(page), isUnavailable)
      await assert.rejects(lost.orphans.served(1), isUnavailable)
      assert.ok(asked.length > 1)
      const client = await served.client({ endpoints: [url, service.url] })
      for (let i = 0; i < 4; i += 1) assert.deepEqual(await client.tenants.list(page), nothing)
      await Promise.all([lost.close(), client.close()])
      other.close()
    }
    await served.stop()
  })

  test('is shared out: a service that is mute leaves time to ask another', async () => {
    const served = await ServedMetadata.start()
    const service = served.services[0]
    assert.ok(service)
    const proxy = await CuttingProxy.before(service.url)
    proxy.decide = () => 'hold'
    try {
      const client = await served.client({
        endpoints: [proxy.url, service.url],
        deadlineMs: 2000,
      })
      for (let i = 0; i < 6; i += 1) assert.deepEqual(await client.tenants.list(page), nothing)
      assert.ok(proxy.seen.length > 0)
    } finally {
      await proxy.close()
      await served.stop()
    }
  })

  test('ends with the signal of its caller, whose client hangs up on the service', () =>
    withHeld(async (held, served) => {
      const client = await served.client()
      const ending = new AbortController()
      const listed = client.within({ signal: ending.signal }).tenants.list(page)
      await held.untilBegun(1)
      ending.abort(new Error('enough'))
      await assert.rejects(listed, /enough/)
      await held.untilEnded(1)
    }))

  test('that many calls share by one signal ends all of them', () =>
    withHeld(async (held, served) => {
      const warnings: string[] = []
      const note = ({ message }: Error) => warnings.push(message)
      process.on('warning', note)
      const client = await served.client()
      const ending = new AbortController()
      const limited = client.within({ signal: ending.signal })
      const many = Array.from({ length: 40 }, () => limited.tenants.list(page))
      const refused = Promise.all(many.map((each) => assert.rejects(each, /enough/)))
      await held.untilBegun(40)
      ending.abort(new Error('enough'))
      await refused
      await held.untilEnded(40)
      process.off('warning', note)
      assert.deepEqual(warnings, [])
    }))

  test('is waited out for an engine that is back in time', async () => {
    const served = await ServedMetadata.start()
    const [first] = served.services
    assert.ok(first)
    try {
      const client = await served.client()
      const bucket = await makeBucket(client, 'one')
      await first.service.close(0)
      const committed = client.objects.commit(newVersion(bucket, 'k'))
      await served.add({}, Number(first.url.port))
      assert.equal((await committed).is, 'committed')
    } finally {
      await served.stop()
    }
  })
})

describe('too many calls', (test) => {
  test('are refused by the service before they are begun, and made when there is room', () =>
    withHeld(
      async (held, served) => {
        const client = await served.client()
        const first = [client.tenants.list(page), client.tenants.list(page)]
        await held.untilBegun(2)
        const hasty = await served.client({ deadlineMs: 100 })
        await assert.rejects(hasty.lineage.get(), isUnavailable)
        await assert.rejects(hasty.orphans.served(5), isUnavailable)
        const patient = client.orphans.served(7)
        held.letGo()
        assert.deepEqual(await Promise.all(first), [nothing, nothing])
        assert.equal(await patient, 7)
      },
      { bounds: { callsMax: 2 } },
    ))

  test('are bounded by their bytes too', async () => {
    const served = await ServedMetadata.start(1, { bounds: { bytesMax: 1000 } })
    try {
      const client = await served.client({ deadlineMs: 200 })
      const many = Array.from({ length: 200 }, (_, i) => `owner ${i}`)
      await assert.rejects(client.owners.end(many.join()), isUnavailable)
      assert.deepEqual(await client.tenants.list(page), nothing)
    } finally {
      await served.stop()
    }
  })

  test('wait for their turn at the client, as long as they have time', () =>
    withHeld(async (held, served) => {
      const client = await served.client({ callsMax: 2, deadlineMs: 400 })
      const first = [client.tenants.list(page), client.tenants.list(page)]
      await held.untilBegun(2)
      const ending = new AbortController()
      const given = client.within({ signal: ending.signal }).tenants.list(page)
      const third = client.lineage.get()
      ending.abort(new Error('enough'))
      await assert.rejects(given, /enough/)
      held.letGo()
      assert.deepEqual(await Promise.all(first), [nothing, nothing])
      assert.equal(await third, undefined)
      const again = [client.tenants.list(page), client.tenants.list(page)]
      const late = client.lineage.get()
      await assert.rejects(late, isUnavailable)
      for (const each of again) await assert.rejects(each, isUnavailable)
      assert.equal(await client.lineage.get(), undefined)
      assert.equal(held.begun, 4)
    }))
})

describe('a stop', (test) => {
  test('lets calls under way end, and takes no more', () =>
    withHeld(async (held, served) => {
      const [serving] = served.services
      assert.ok(serving)
      const client = await served.client()
      const listed = client.tenants.list(page)
      await held.untilBegun(1)
      const closed = serving.service.close(60_000)
      const late = await served.client({ deadlineMs: 100 })
      await assert.rejects(late.lineage.get(), isUnavailable)
      held.letGo()
      assert.deepEqual(await listed, nothing)
      await closed
    }))

  test('ends those that go on for too long', () =>
    withHeld(async (held, served) => {
      const [serving] = served.services
      assert.ok(serving)
      const client = await served.client({ deadlineMs: 60_000 })
      const listed = assert.rejects(client.tenants.list(page), isUnavailable)
      await held.untilBegun(1)
      await serving.service.close(10)
      await held.untilEnded(1)
      await client.close()
      await listed
    }))

  test('of one of two services is not noticed by their client', async () => {
    const served = await ServedMetadata.start(2)
    try {
      const client = await served.client()
      const bucket = await makeBucket(client, 'one')
      const commits = Array.from({ length: 200 }, (_, i) =>
        client.objects.commit(newVersion(bucket, `k${i}`)),
      )
      await served.services[1]?.service.close(5000)
      const more = Array.from({ length: 50 }, (_, i) =>
        client.objects.commit(newVersion(bucket, `l${i}`)),
      )
      for (const { is } of await Promise.all([...commits, ...more])) assert.equal(is, 'committed')
      const { entries } = await client.objects.list(bucket, { prefix: '', limit: 1000 })
      assert.equal(entries.length, 250)
    } finally {
      await served.stop()
    }
  })
})

describe('errors of the engine', (test) => {
  test('that callers know come as what they are, and others as an id for the log', async () => {
    const key = Buffer.from('a row')
    const errors = [
      new StoreUnavailable({ cause: new Error('of the database') }),
      new MetadataFull(),
      new MetadataDamaged('versions', key),
      new TypeError('a secret of the inside'),
    ]
    let error: Error | undefined
    const served = await ServedMetadata.start(1, {
      between: (store) =>
        new Proxy(store, {
          get: (target, name) => {
            if (error !== undefined && name === 'within') throw error
            return Reflect.get(target, name)
          },
        }),
    })
    try {
      const client = await served.client({ deadlineMs: 200 })
      const thrown: unknown[] = []
      for (error of errors) {
        await client.tenants.list(page).catch((cause: unknown) => thrown.push(cause))
      }
      assert.ok(thrown[0] instanceof StoreUnavailable && thrown[1] instanceof MetadataFull)
      assert.ok(thrown[2] instanceof MetadataDamaged && thrown[2].key.equals(key))
      assert.ok(thrown[3] instanceof Error && !thrown[3].message.includes('secret'))
      assert.deepEqual(served.services[0]?.failures, [errors[3]])
    } finally {
      error = undefined
      await served.stop()
    }
  })
})
