// What an idempotency key promises, wherever the work was cut off.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { masterKeyFrom } from '../../../gateway/access/keys/master-key-file.ts'
import { adminsTenantId } from '../../../gateway/admin/admins/admins-tenant.ts'
import { answerOnce, forgetReplies, replyLifeMs } from '../../../gateway/admin/api/once.ts'
import { AdminProblem } from '../../../gateway/admin/api/problem.ts'
import { createTenant } from '../../../gateway/admin/tenants/create-tenant.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { describe } from '../../support/describe.ts'
import { openMetadataUnderTest } from '../../support/metadata-under-test.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { Network } from '../../support/unreachable-store.ts'

describe('a request with an idempotency key', (test) => {
  const directory = makeTemporaryDirectory()
  const masterKey = masterKeyFrom(Buffer.alloc(32, 3))
  let store: MetadataStore
  let laterMs = 0
  let names = 0
  test.before(async () => {
    store = await openMetadataUnderTest(directory.path)
  })
  test.after(async () => {
    await store.close()
    directory.remove()
  })

  function deps(metadata: MetadataStore = store) {
    return { metadata, masterKey, random: randomBytes, now: () => Date.now() + laterMs }
  }

  function newName(): string {
    names += 1
    return `tenant-${names}`
  }

  /** Makes a tenant and answers with its secret, or dies before or behind that. */
  function ask(
    { name, key = name }: { readonly name: string; readonly key?: string },
    { metadata = store, dies }: { metadata?: MetadataStore; dies?: 'before' | 'behind' } = {},
  ) {
    const request = { principalId: 'root', method: 'POST', path: '/v1/tenants', key }
    return answerOnce(deps(metadata), { ...request, body: Buffer.from(name) }, async (draws) => {
      if (dies === 'before') throw new Error('died')
      const made = await createTenant(
        { ...deps(metadata), ...draws },
        { name, namespace: 'own', quota: {} },
      )
      if (made.is === 'nameTaken') throw new AdminProblem('AlreadyExists')
      if (dies === 'behind') throw new Error('died')
      return { id: made.tenant.id, key: made.key }
    })
  }

  test('makes what it had made when it died, with the same secret', async () => {
    for (const dies of ['before', 'behind'] as const) {
      const name = newName()
      await assert.rejects(ask({ name }, { dies }), /died/)
      const made = await store.tenants.byName(name)
      const { text, isRepeated } = await ask({ name })
      assert.equal(isRepeated, false)
      const { id, key } = JSON.parse(text)
      if (dies === 'behind') assert.equal(id, made?.id)
      assert.equal((await store.tenants.getAccessKey(key.accessKeyId))?.tenantId, id)
      assert.deepEqual(await ask({ name }), { text, isRepeated: true })
    }
  })

  test('makes one thing, whichever answer of the store is lost', async () => {
    const watched = new Network()
    await ask({ name: newName() }, { metadata: watched.to(store) })
    for (const verb of watched.called) {
      for (const lost of ['call', 'answer'] as const) {
        const name = newName()
        const network = new Network()
        network.outage = { verb, lost }
        await assert.rejects(ask({ name }, { metadata: network.to(store) }))
        network.outage = undefined
        const { text } = await ask({ name }, { metadata: network.to(store) })
        const { id, key } = JSON.parse(text)
        assert.equal((await store.tenants.byName(name))?.id, id, `${verb} ${lost}`)
        const keys = await store.tenants.listAccessKeys(id, { limit: 10 })
        assert.deepEqual(
          keys.map(({ accessKeyId }) => accessKeyId),
          [key.accessKeyId],
        )
      }
    }
  })

  test('is another request after its day, and what was kept of it is forgotten', async () => {
    const name = newName()
    const { text } = await ask({ name })
    const count = async () =>
      (await store.identities.list(adminsTenantId, 'adminReply', { limit: 1_000 })).entries.length
    const before = await count()
    await forgetReplies(deps()).run(new AbortController().signal)
    assert.equal(await count(), before)
    laterMs = replyLifeMs + 1
    await assert.rejects(ask({ name }), AdminProblem)
    await forgetReplies(deps()).run(new AbortController().signal)
    assert.equal(await count(), 1)
    laterMs = 0
    assert.equal((await store.tenants.byName(name))?.id, JSON.parse(text).id)
  })
})
