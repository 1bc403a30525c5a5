// Orphans that are set aside, one row each, and the running time that says for how long.
import { encodeBlobRef } from '../codec/chunk-ref-codec.ts'
import { count, decodeRecord, encodeRecord } from '../codec/record-frame.ts'
import type { OrphanReview, OrphanStore } from '../orphan-store.ts'
import { chunkRow } from './chunk-claims.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { numberKey, numberOfKey } from './row-keys.ts'

const servedKey = Buffer.from('served')
/** Up to which running time deletions are deferred. */
const deferredKey = Buffer.from('deferred')
const everyBlob = { start: Buffer.alloc(1), end: Buffer.alloc(39, 0xff) }
const forgottenAtOnce = 1000

/** Both in milliseconds of running time. */
type OrphanRow = { readonly sinceMs: number; readonly metMs: number }

export function lmdbOrphans(env: LmdbEnvironment): OrphanStore {
  return {
    served: async (elapsedMs) => {
      if (elapsedMs === 0) return env.read(servedBy)
      return env.write((tables) => {
        const servedMs = servedBy(tables) + Math.max(0, Math.floor(elapsedMs))
        tables.meta.put(servedKey, numberKey(servedMs))
        return servedMs
      })
    },

    review: async (blobs, time) => {
      const isQuiet = env.read((tables) =>
        blobs.every(
          (blob) =>
            chunkRow(tables, blob.id)?.generation === blob.generation &&
            !tables.orphans.has(encodeBlobRef(blob)),
        ),
      )
      if (isQuiet) return { condemned: [], setAside: 0, known: 0 }
      return env.write((tables) => review(tables, blobs, time))
    },

    endPass: async (servedMs) => {
      for (;;) {
        const missed: Buffer[] = []
        env.read(({ orphans }) => {
          for (const { key, value } of orphans.rows(everyBlob)) {
            if (parseOrphan(value).metMs < servedMs) missed.push(Buffer.from(key))
            if (missed.length === forgottenAtOnce) break
          }
        })
        if (missed.length === 0) return
        await env.write(({ orphans }) => {
          for (const key of missed) orphans.remove(key)
        })
      }
    },

    count: async () => env.read(({ orphans }) => orphans.count()),

    deferDeletions: (ms) =>
      env.write((tables) => {
        tables.meta.put(deferredKey, numberKey(servedBy(tables) + ms))
      }),

    defersDeletions: async () =>
      env.read((tables) => servedBy(tables) < numberIn(tables, deferredKey)),
  }
}

function servedBy(tables: Tables): number {
  return numberIn(tables, servedKey)
}

function numberIn({ meta }: Tables, key: Buffer): number {
  const bytes = meta.get(key)
  return bytes === undefined ? 0 : numberOfKey(bytes)
}

function review(
  tables: Tables,
  blobs: Parameters<OrphanStore['review']>[0],
  { servedMs, keepMs }: Parameters<OrphanStore['review']>[1],
): OrphanReview {
  const { orphans, tombstones } = tables
  const condemned: (typeof blobs)[number][] = []
  let setAside = 0
  let known = 0
  for (const blob of blobs) {
    const key = encodeBlobRef(blob)
    const row = orphans.get(key)
    if (chunkRow(tables, blob.id)?.generation === blob.generation) {
      if (row === undefined) continue
      orphans.remove(key)
      known += 1
      continue
    }
    const sinceMs = row === undefined ? servedMs : parseOrphan(row).sinceMs
    if (servedMs - sinceMs >= keepMs) {
      tombstones.put(key, Buffer.of(1))
      orphans.remove(key)
      condemned.push(blob)
      continue
    }
    if (row === undefined) setAside += 1
    orphans.put(key, encodeRecord(1, [sinceMs, servedMs]))
  }
  return { condemned, setAside, known }
}

function parseOrphan(bytes: Buffer): OrphanRow {
  const fields = decodeRecord('orphan', bytes)
  return { sinceMs: count(fields, 0), metMs: count(fields, 1) }
}
