// Bounds of how much tenants and access keys may ask.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import { addTenant } from '../support/more-tenants.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, exchangeBytes, signed } from '../support/wire-request.ts'

const many = 12

describe('bounds of requests', (test) => {
  const open: RunningServer[] = []
  test.after(async () => {
    for (const server of open) await server.stop()
  })

  async function start(rates: { readonly tenant: number; readonly key: number }) {
    const server = await RunningServer.start({ requestRates: rates, blockPublicAccess: false })
    open.push(server)
    return server
  }

  test('hold for a key, and not for those who have another', async () => {
    const server = await start({ tenant: 0, key: 1 })
    const other = await addTenant(server, 'other')
    const ask = () => exchange(server.port, { target: '/' })
    const replies = await Promise.all(Array.from({ length: many }, ask))
    const refused = replies.filter(({ status }) => status === 503)
    assert.ok(refused.length > 0)
    for (const reply of refused) {
      assert.equal(codeOf(reply), 'SlowDown')
      assert.ok(Number(reply.headers.get('retry-after')) >= 1)
    }
    const context = { credentials: other.credentials }
    assert.equal((await exchange(server.port, { target: '/', context })).status, 200)
    // What is not proven to be somebody's uses up nothing of his.
    const { credentials } = other
    const forged = { credentials: { ...credentials, secretAccessKey: 'wrong' } }
    for (let times = 0; times < many; times += 1) {
      const reply = await exchange(server.port, { target: '/', context: forged })
      assert.equal(codeOf(reply), 'SignatureDoesNotMatch')
    }
    server.assertNoFailure()
  })

  test('hold for a tenant with all its keys, and for what nobody has signed in its buckets', async () => {
    const server = await start({ tenant: 3, key: 0 })
    assert.equal(
      (await exchange(server.port, { method: 'PUT', target: '/open', body: '' })).status,
      200,
    )
    const statement = {
      ...{ Effect: 'Allow', Principal: '*', Action: 's3:*' },
      Resource: 'arn:aws:s3:::open*',
    }
    const body = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const put = { method: 'PUT', target: '/open?policy', body }
    assert.equal((await exchange(server.port, put)).status, 204)
    const without = ['authorization', 'x-amz-date', 'x-amz-content-sha256']
    const { bytes } = signed({ target: '/open/k', without })
    const anonymous = () => exchangeBytes(server.port, bytes)
    const seen = new Set<string>()
    for (;;) {
      const replies = await Promise.all(Array.from({ length: 2 * many }, anonymous))
      for (const reply of replies) seen.add(codeOf(reply))
      // The owner of the bucket has used up what is his, too.
      if (codeOf(await exchange(server.port, { target: '/' })) === 'SlowDown') break
    }
    assert.deepEqual([...seen].sort(), ['NoSuchKey', 'SlowDown'])
    server.assertNoFailure()
  })
})
