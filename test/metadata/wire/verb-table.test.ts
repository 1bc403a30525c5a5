// The compiler holds the table against the ports; here it is held against an engine as it is when it runs.
import assert from 'node:assert/strict'
import {
  type ServedNouns,
  servedVerbs,
  verbAt,
  type verbTable,
} from '../../../metadata/wire/verb-table.ts'
import { describe } from '../../support/describe.ts'
import { ServedMetadata } from '../served-metadata.ts'

describe('the table of verbs', (test) => {
  test('has every verb of every noun of an engine, and no other', async () => {
    const served = await ServedMetadata.start()
    try {
      const store: object = served.services[0]?.store ?? {}
      const nouns = Object.keys(store).filter(
        (name) => typeof Reflect.get(store, name) === 'object',
      )
      const verbs = nouns.flatMap((noun) =>
        Object.keys(Reflect.get(store, noun)).map((verb) => `${noun}.${verb}`),
      )
      const known = servedVerbs.map(({ noun, verb }) => `${noun}.${verb}`)
      assert.deepEqual([...known, 'lineage.watch'].sort(), verbs.sort())
    } finally {
      await served.stop()
    }
  })

  test('names verbs by paths, and knows no other path', () => {
    for (const served of servedVerbs) assert.equal(verbAt(served.path), served)
    for (const path of [
      '',
      '/v1',
      '/v1/objects',
      '/v1/objects/toString',
      '/v1/__proto__/constructor',
      '/v1/objects/get/',
      '/v1/objects/get?x',
      '/v1/lineage/watch',
      '/v1/objects/../objects/get',
    ]) {
      assert.equal(verbAt(path), undefined, path)
    }
  })

  test('does not compile with a verb too few, a commit id forgotten, or one where there is none', () => {
    type Row = (typeof verbTable)['objects']
    type Jobs = { readonly jobs: Omit<ServedNouns['jobs'], 'put'> }
    const plain = { is: 'read' } as const
    // @ts-expect-error: a commit takes a commit id, and its row says where.
    const forgotten: Row['commit'] = plain
    // @ts-expect-error: at the second place.
    const misplaced: Row['commit'] = { is: 'named', options: 2 }
    // @ts-expect-error: a read takes none.
    const needless: Row['get'] = { is: 'named', options: 1 }
    // @ts-expect-error: one is missing.
    const missing: typeof verbTable.jobs = {} as { [Verb in keyof Jobs['jobs']]: typeof plain }
    assert.equal([forgotten, misplaced, needless, missing].length, 4)
  })
})
