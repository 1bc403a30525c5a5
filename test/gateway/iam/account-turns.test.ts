import assert from 'node:assert'
import { inTurn } from '../../../gateway/iam/account-turns.ts'
import type { IdentityStore } from '../../../metadata/identity-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { describe } from '../../support/describe.ts'

/** Nothing is asked of it: it is whose turns they are. */
const storeOf = () => ({}) as IdentityStore
const [one, other] = ['000000000001' as TenantId, '000000000002' as TenantId]

describe('turns of an account', (test) => {
  test('come in the order in which they were asked for, whatever becomes of those before', async () => {
    const store = storeOf()
    const told: string[] = []
    const work = (name: string) => async () => {
      told.push(`${name} begins`)
      await new Promise(setImmediate)
      told.push(`${name} ends`)
      if (name === 'second') throw new Error(name)
    }
    const names = ['first', 'second', 'third']
    const all = await Promise.allSettled(names.map((name) => inTurn(store, one, work(name))))
    assert.deepStrictEqual(
      all.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepStrictEqual(
      told,
      names.flatMap((name) => [`${name} begins`, `${name} ends`]),
    )
  })

  test('wait for nobody of another account or another store, and not for ever', async () => {
    const store = storeOf()
    let end = () => {}
    const hanging = inTurn(store, one, () => new Promise<void>((resolve) => (end = resolve)))
    assert.strictEqual(await inTurn(store, other, async () => 'done'), 'done')
    assert.strictEqual(await inTurn(storeOf(), one, async () => 'done'), 'done')
    assert.strictEqual(await inTurn(store, one, async () => 'done'), 'done')
    end()
    await hanging
  })
})
