// Every operation while one of the metadata verbs that it calls is out of reach, or does its work and loses
// the answer: SlowDown, never an internal error; and when the verb is back, the same request works.
import assert from 'node:assert/strict'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { type OperationName, operations } from '../../protocol/s3/operations-table.ts'
import { describe } from '../support/describe.ts'
import { Place, requestsOfOperations, send } from '../support/operation-requests.ts'
import { RunningServer } from '../support/start-server.ts'
import { Network } from '../support/unreachable-store.ts'
import { codeOf, exchange } from '../support/wire-request.ts'

/** What the second try of something that had been done is told. */
const gone: Partial<Record<OperationName, number>> = {
  DeleteBucket: 404,
  AbortMultipartUpload: 404,
}

describe('while metadata are out of reach', (test) => {
  const network = new Network()
  let server: RunningServer
  let attempts = 0
  test.before(async () => {
    server = await RunningServer.start({ metadataFor: (store) => network.to(store) })
  })
  test.after(() => server.stop())

  const place = () => {
    attempts += 1
    return new Place(server.port, `bucket-${attempts}`).make()
  }

  for (const name of Object.keys(operations) as OperationName[]) {
    test(`${name} answers SlowDown, loses nothing, and works when they are back`, async () => {
      const prepare = requestsOfOperations[name]
      const clean = await prepare(await place())
      network.called.clear()
      const { status } = await send(server.port, clean)
      assert.ok(status < 500, `${status}`)
      const verbs = [...network.called]
      assert.ok(verbs.length > 0, 'nothing was asked of the metadata')
      for (const verb of verbs) {
        for (const lost of ['call', 'answer'] as const) {
          const there = await place()
          const request = await prepare(there)
          const what = `${verb}, its ${lost} lost`
          network.met = 0
          network.outage = { verb, lost }
          const during = await send(server.port, request)
          network.outage = undefined
          // What a moment ago was known of a key is remembered; a hold that is not given back expires.
          const isSpared = network.met === 0 || verb === 'leases.letGo'
          const mayDoWithout = isSpared && during.status === status
          assert.ok(during.status === 503 || mayDoWithout, `${what}: ${during.status}`)
          if (during.status === 503) {
            if (during.body.length > 0) assert.equal(codeOf(during), 'SlowDown', what)
            const told = server.logged.at(-1)?.details.cause
            assert.ok(told instanceof StoreUnavailable, `${what}: ${String(told)}`)
          }
          const again = await send(server.port, request)
          const expected = lost === 'answer' ? [status, gone[name] ?? status] : [status]
          assert.ok(expected.includes(again.status), `${what}, then again: ${again.status}`)
          if (name === 'DeleteBucket') continue
          const kept = await there.sure({ target: there.at('kept') })
          assert.equal(kept.body.toString(), 'kept')
        }
      }
    })
  }

  test('a request is refused as such before anybody knows who sends it', async () => {
    const fresh = new Network()
    const other = await RunningServer.start({ metadataFor: (store) => fresh.to(store) })
    for (const verb of ['tenants.getAccessKey', 'tenants.get']) {
      fresh.outage = { verb, lost: 'call' }
      const refused = await exchange(other.port, { target: '/' })
      assert.equal(`${refused.status} ${codeOf(refused)}`, '503 SlowDown')
    }
    fresh.outage = undefined
    assert.equal((await exchange(other.port, { target: '/' })).status, 200)
    await other.stop()
  })
})
