// The lineage of this engine: one row.
import assert from 'node:assert'
import { encodeLineage, parseLineage } from '../codec/lineage-codec.ts'
import type { LineageStore } from '../lineage-store.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'

const lineageKey = Buffer.from('lineage')

export function lmdbLineage(env: LmdbEnvironment): LineageStore {
  /** The last commit that the mark covers. */
  let covered = -1
  const noted = ({ meta }: Tables) => {
    const bytes = meta.get(lineageKey)
    return bytes && parseLineage(bytes)
  }
  return {
    get: async () => env.read(noted),

    put: (lineage) => env.write(({ meta }) => meta.put(lineageKey, encodeLineage(lineage))),

    advance: async () => {
      const current = env.read(noted)
      assert(current !== undefined, 'a mark of metadata that have no lineage')
      if (env.lastCommit() === covered) return current.mark
      let own = covered
      const mark = await env.write((tables) => {
        const lineage = noted(tables)
        assert(lineage !== undefined)
        tables.meta.put(lineageKey, encodeLineage({ ...lineage, mark: lineage.mark + 1 }))
        // This commit is the one after the newest. Others may follow before it is known here.
        own = env.lastCommit() + 1
        return lineage.mark + 1
      })
      covered = own
      return mark
    },
  }
}
