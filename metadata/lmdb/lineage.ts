// The lineage of this engine: one row, and the number of the newest commit, which LMDB keeps itself.
import assert from 'node:assert'
import { watch } from 'node:fs'
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

    commits: async (known) => {
      if (known !== undefined && env.lastCommit() === known) return known
      // The newest is seen before its sync has ended. Whoever may write next knows that it has; a
      // transaction that writes nothing is no commit.
      return env.write(() => env.lastCommit())
    },

    watch: (onChange) => watchOnce(env.file, onChange),
  }
}

/** The kernel tells of writes to a file by any process. There may be no room for one more watch. */
function watchOnce(file: string, onChange: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(file, { persistent: false }, () => {
      watcher.close()
      onChange()
    })
    watcher.on('error', onChange)
    return watcher
  } catch {
    return undefined
  }
}
