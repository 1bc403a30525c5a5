// Contract of `IdentityStore`.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { drawCommitId } from '../../metadata/commit-id.ts'
import {
  type IdentityRef,
  identityKinds,
  identityNameMax,
} from '../../metadata/identity-records.ts'
import type { IdentityChange } from '../../metadata/identity-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { compareKeys } from '../../protocol/s3/compare-keys.ts'
import { describe } from '../support/describe.ts'
import { type OpenStore, tenant, withStore } from './metadata-fixture.ts'
import { documents, member } from './metadata-identity-documents.ts'

const acme = tenant('acme')
/** Whose id begins as the other's does. */
const other = tenant('acme-2')

function ref(name: string, kind: IdentityRef['kind'] = 'membership'): IdentityRef {
  return { kind, name }
}

/** In the order of their bytes, which is neither that of UTF-16 nor of any language. */
const oddNames = [
  ...['\u0001', ' ', '"$where"', '$ne', '%2e', '../..', '.', '/v1', 'A', 'A ', 'B', 'a', 'a.b'],
  ...['aa', 'a|user|b', 'x'.repeat(identityNameMax), 'ä', 'a\u0308', 'ß', '\ud7ff', '\ue000'],
  ...['\uffff', '\u{10000}', '\u{10ffff}', '\u{10ffff}\u{10ffff}', 'ü'.repeat(180)],
].sort(compareKeys)

const impossibleNames = [
  ...['', 'a\0b', '\0', 'x'.repeat(identityNameMax + 1), 'ü'.repeat(181)],
  'x'.repeat(100_000),
]

async function commit(
  { identities }: MetadataStore,
  change: Partial<IdentityChange>,
  tenantId = acme,
): Promise<number> {
  const ifRevision = change.ifRevision ?? (await identities.revision(tenantId))
  const answer = await identities.commit(tenantId, { put: [], remove: [], ...change, ifRevision })
  assert.equal(answer.is, 'done')
  return answer.revision
}

async function names(
  { identities }: MetadataStore,
  page: { prefix?: string; after?: string; limit?: number } = {},
): Promise<readonly (string | boolean)[]> {
  const listed = await identities.list(acme, 'membership', { limit: 99, ...page })
  return [...listed.entries.map(({ name }) => name), listed.isTruncated]
}

export function identitiesContract(name: string, open: OpenStore): void {
  describe(`${name}: documents of a tenant`, (test) => {
    test('of every kind come back as they were put, one by one, together and listed', () =>
      withStore(open, async (store) => {
        const { identities } = store
        assert.equal(await commit(store, { put: documents }), 1)
        for (const { kind, name, document } of documents) {
          assert.deepEqual(await identities.get(acme, kind, name), document)
        }
        const refs = documents.map(({ kind, name }) => ({ kind, name }))
        const asked = [ref('nobody', 'user'), ...refs, ref('ann'), ...refs.slice(0, 1)]
        assert.deepEqual(await identities.getMany(acme, asked), {
          revision: 1,
          entries: [undefined, ...documents, undefined, documents[0]],
        })
        for (const kind of identityKinds) {
          const listed = await identities.list(acme, kind, { limit: 9 })
          const entries = documents.filter((each) => each.kind === kind)
          assert.ok(entries.length > 0, kind)
          assert.deepEqual(listed, { entries, isTruncated: false })
        }
      }))

    test('of tenants that have none are absent, and their revision is 0', () =>
      withStore(open, async ({ identities }) => {
        assert.equal(await identities.revision(acme), 0)
        assert.equal(await identities.get(acme, 'user', 'ann'), undefined)
        const none = { revision: 0, entries: [undefined] }
        assert.deepEqual(await identities.getMany(acme, [ref('ann', 'user')]), none)
        assert.deepEqual(await identities.getMany(acme, []), { revision: 0, entries: [] })
        const nothing = { entries: [], isTruncated: false }
        assert.deepEqual(await identities.list(acme, 'user', { limit: 9 }), nothing)
        assert.equal(await identities.removeAll(acme, 9), 0)
        const change = { ifRevision: 1, put: [member('a')], remove: [] }
        assert.deepEqual(await identities.commit(acme, change), { is: 'changed', revision: 0 })
      }))

    test('are replaced and removed, and each commit gives the next revision', () =>
      withStore(open, async (store) => {
        const { identities } = store
        assert.equal(await commit(store, { put: [member('a'), member('b')] }), 1)
        assert.equal(await commit(store, { put: [member('b', 'new'), member('c')] }), 2)
        const remove = [ref('a'), ref('never was'), ref('c', 'user')]
        assert.equal(await commit(store, { put: [member('d')], remove }), 3)
        assert.equal(await commit(store, {}), 4)
        assert.equal(await identities.revision(acme), 4)
        assert.deepEqual(await names(store), ['b', 'c', 'd', false])
        const replaced = await identities.get(acme, 'membership', 'b')
        assert.deepEqual(replaced, { userName: 'new' })
      }))

    test('of one tenant and kind are not those of another', () =>
      withStore(open, async (store) => {
        const { identities } = store
        await commit(store, { put: [member('a', 'ours')] })
        await commit(store, { put: [member('a', 'theirs'), member('b')] }, other)
        await commit(store, { put: [member('c')] }, other)
        assert.deepEqual(await identities.get(acme, 'membership', 'a'), { userName: 'ours' })
        assert.equal(await identities.get(acme, 'membership', 'b'), undefined)
        assert.equal(await identities.get(acme, 'account', 'a'), undefined)
        assert.equal(await identities.revision(acme), 1)
        assert.equal(await identities.revision(other), 2)
        assert.deepEqual(await names(store), ['a', false])
        await commit(store, { remove: [ref('b')] })
        assert.deepEqual(await identities.get(other, 'membership', 'b'), { userName: 'b' })
        assert.equal(await identities.removeAll(other, 9), 3)
        assert.deepEqual(await names(store), ['a', false])
      }))

    test('may have any name that is text, and list in the order of its bytes', () =>
      withStore(open, async (store) => {
        const { identities } = store
        await commit(store, { put: oddNames.map((name) => member(name, `of ${name}`)) })
        assert.deepEqual(await names(store), [...oddNames, false])
        for (const name of oddNames) {
          const found = await identities.get(acme, 'membership', name)
          assert.deepEqual(found, { userName: `of ${name}` })
        }
        const refs = oddNames.map((name) => ref(name))
        const { entries } = await identities.getMany(acme, refs)
        assert.deepEqual(
          entries,
          oddNames.map((name) => member(name, `of ${name}`)),
        )
        await commit(store, { remove: refs })
        assert.deepEqual(await names(store), [false])
      }))

    test('are not there under names that cannot be, and are not put there', () =>
      withStore(open, async (store) => {
        const { identities } = store
        await commit(store, { put: [member('a')] })
        for (const name of impossibleNames) {
          assert.equal(await identities.get(acme, 'membership', name), undefined)
          const { entries } = await identities.getMany(acme, [ref(name), ref('a')])
          assert.deepEqual(entries, [undefined, member('a')])
          await assert.rejects(commit(store, { put: [member(name)] }))
          await assert.rejects(commit(store, { remove: [ref(name)] }))
        }
        await assert.rejects(commit(store, { put: [member('a')], remove: [ref('a')] }))
        assert.equal(await identities.revision(acme), 1)
      }))

    test('list in pages of a prefix, behind a name that need not be there', () =>
      withStore(open, async (store) => {
        const put = ['a', 'b', 'b/', 'b/1', 'b/2', 'b/\u{10ffff}', 'b/\u{10ffff}1', 'b0', 'c']
        await commit(store, { put: put.map((name) => member(name)) })
        assert.deepEqual(await names(store, { limit: 9 }), [...put, false])
        assert.deepEqual(await names(store, { limit: 8 }), [...put.slice(0, 8), true])
        assert.deepEqual(await names(store, { limit: 0 }), [true])
        const below = put.slice(2, 7)
        assert.deepEqual(await names(store, { prefix: 'b/' }), [...below, false])
        assert.deepEqual(await names(store, { prefix: 'b/', limit: 5 }), [...below, false])
        assert.deepEqual(await names(store, { prefix: 'b/', limit: 2 }), ['b/', 'b/1', true])
        assert.deepEqual(await names(store, { prefix: 'b/', after: 'b/1' }), [
          ...below.slice(2),
          false,
        ])
        assert.deepEqual(await names(store, { prefix: 'b/', after: 'b/11' }), [
          ...below.slice(2),
          false,
        ])
        assert.deepEqual(await names(store, { prefix: 'b/', after: 'a' }), [...below, false])
        assert.deepEqual(await names(store, { prefix: 'b/', after: 'c' }), [false])
        assert.deepEqual(await names(store, { prefix: 'b/\u{10ffff}' }), [
          ...put.slice(5, 7),
          false,
        ])
        assert.deepEqual(await names(store, { after: 'b0', limit: 1 }), ['c', false])
        assert.deepEqual(await names(store, { after: '' }), [...put, false])
        for (const prefix of impossibleNames.slice(1)) {
          assert.deepEqual(await names(store, { prefix }), [false])
        }
        const far = `b${'x'.repeat(100_000)}`
        assert.deepEqual(await names(store, { after: far }), ['c', false])
      }))

    test('are counted by their kind, up to a limit', () =>
      withStore(open, async (store) => {
        const { identities } = store
        assert.equal(await identities.count(acme, 'membership', 9), 0)
        await commit(store, { put: ['a', 'b', 'c'].map((name) => member(name)) })
        for (const limit of [0, 1, 2, 3]) {
          assert.equal(await identities.count(acme, 'membership', limit), limit)
        }
        assert.equal(await identities.count(acme, 'membership', 5_000), 3)
        for (const kind of ['user', 'group', 'account'] as const) {
          assert.equal(await identities.count(acme, kind, 9), 0)
        }
        await commit(store, { remove: [{ kind: 'membership', name: 'b' }] })
        assert.equal(await identities.count(acme, 'membership', 9), 2)
      }))

    test('list exactly, behind a name of the greatest length and ones that are longer', () =>
      withStore(open, async (store) => {
        const longest = 'x'.repeat(identityNameMax)
        const next = `${longest.slice(1)}y`
        await commit(store, { put: [member(longest), member(next)] })
        for (const after of [longest, `${longest}x`, `${longest}\0`]) {
          assert.deepEqual(await names(store, { after }), [next, false])
        }
        assert.deepEqual(await names(store, { after: longest.slice(1) }), [longest, next, false])
      }))

    test('change for one of those who have looked at the same revision', () =>
      withStore(open, async (store) => {
        const { identities } = store
        const first = await commit(store, { put: [member('a'), member('b')] })
        const racers = Array.from({ length: 6 }, (_, at) => `racer ${at}`)
        const answers = await Promise.all(
          racers.map((racer) =>
            identities.commit(acme, {
              ifRevision: first,
              put: [member(racer), member('b', racer)],
              remove: [ref('a')],
            }),
          ),
        )
        const won = racers.filter((_, at) => answers[at]?.is === 'done')
        assert.equal(won.length, 1)
        for (const { is, revision } of answers) {
          assert.deepEqual([is, revision], [is, first + 1])
        }
        assert.deepEqual(await names(store), ['b', ...won, false])
        const [racer = ''] = won
        assert.deepEqual(await identities.get(acme, 'membership', 'b'), { userName: racer })
      }))

    test('of a tenant that has none yet are begun by one of several', () =>
      withStore(open, async (store) => {
        const change = (name: string) => ({ ifRevision: 0, put: [member(name)], remove: [] })
        const answers = await Promise.all(
          ['a', 'b', 'c'].map((name) => store.identities.commit(acme, change(name))),
        )
        assert.deepEqual(answers.map(({ is }) => is).sort(), ['changed', 'changed', 'done'])
        assert.equal(await store.identities.revision(acme), 1)
        assert.equal((await names(store)).length, 2)
      }))

    test('come with a revision of the same moment', () =>
      withStore(open, async (store) => {
        const { identities } = store
        await commit(store, { put: [member('a', '1'), member('b', '1')] })
        let isOver = false
        const changing = (async () => {
          for (let revision = 2; revision <= 12; revision += 1) {
            const userName = `${revision}`
            await commit(store, { put: [member('a', userName), member('b', userName)] })
          }
          isOver = true
        })()
        while (!isOver) {
          const { revision, entries } = await identities.getMany(acme, [ref('a'), ref('b')])
          const userName = `${revision}`
          assert.deepEqual(entries, [member('a', userName), member('b', userName)])
          // An engine that reads at once lets nobody else get on.
          await setImmediate()
        }
        await changing
      }))

    test('are committed once for each id, though others have changed them 20 times since', () =>
      withStore(open, async (store) => {
        const { identities } = store
        const named = () => ({ commitId: drawCommitId(1_700_000_000_000, randomBytes) })
        const id = named()
        const change = { ifRevision: 0, put: [member('a', 'first')], remove: [ref('b')] }
        const done = { is: 'done', revision: 1 }
        assert.deepEqual(await identities.commit(acme, change, id), done)
        assert.deepEqual(await identities.commit(acme, change, id), done)
        const behind = { is: 'changed', revision: 1 }
        assert.deepEqual(await identities.commit(acme, change, named()), behind)
        for (let revision = 1; revision <= 20; revision += 1) {
          const put = [member('a', `${revision}`), member('b')]
          const answer = await identities.commit(
            acme,
            { ifRevision: revision, put, remove: [] },
            named(),
          )
          assert.deepEqual(answer, { is: 'done', revision: revision + 1 })
        }
        assert.deepEqual(await identities.commit(acme, change, id), done)
        assert.equal(await identities.revision(acme), 21)
        assert.deepEqual(await identities.get(acme, 'membership', 'a'), { userName: '20' })
        assert.deepEqual(await identities.get(acme, 'membership', 'b'), { userName: 'b' })
        // Another tenant has not committed it.
        assert.deepEqual(await identities.commit(other, change, id), done)
      }))

    test('a refused commit is judged anew', () =>
      withStore(open, async (store) => {
        const commitId = drawCommitId(1_700_000_000_000, randomBytes)
        const change = { ifRevision: 1, put: [member('a')], remove: [] }
        const refused = await store.identities.commit(acme, change, { commitId })
        assert.deepEqual(refused, { is: 'changed', revision: 0 })
        await commit(store, {})
        const answer = await store.identities.commit(acme, change, { commitId })
        assert.deepEqual(answer, { is: 'done', revision: 2 })
      }))

    test('are removed page by page, with another revision after each, and none at last', () =>
      withStore(open, async (store) => {
        const { identities } = store
        await commit(store, { put: [...documents, member('z')] })
        await commit(store, {}, other)
        assert.equal(await identities.removeAll(acme, 0), 0)
        assert.equal(await identities.revision(acme), 1)
        const left = documents.length + 1
        assert.equal(await identities.removeAll(acme, left - 1), left - 1)
        assert.equal(await identities.revision(acme), 2)
        const late = { ifRevision: 1, put: [member('late')], remove: [] }
        assert.deepEqual(await identities.commit(acme, late), { is: 'changed', revision: 2 })
        assert.equal(await identities.removeAll(acme, 9), 1)
        assert.equal(await identities.revision(acme), 0)
        assert.equal(await identities.removeAll(acme, 9), 0)
        for (const kind of identityKinds) {
          const listed = await identities.list(acme, kind, { limit: 9 })
          assert.deepEqual(listed, { entries: [], isTruncated: false })
        }
        assert.equal(await identities.revision(other), 1)
        assert.equal(await commit(store, { put: [member('anew')] }), 1)
      }))

    test('many go at once, and are listed and read', () =>
      withStore(open, async (store) => {
        const many = Array.from({ length: 1000 }, (_, at) => member(`${at}`.padStart(4, '0')))
        await commit(store, { put: many })
        const refs = many.map(({ name }) => ref(name))
        assert.deepEqual((await store.identities.getMany(acme, refs)).entries, many)
        const listed = await store.identities.list(acme, 'membership', { limit: 1000 })
        assert.deepEqual(listed, { entries: many, isTruncated: false })
        assert.equal(await store.identities.removeAll(acme, 2000), 1000)
      }))
  })
}
