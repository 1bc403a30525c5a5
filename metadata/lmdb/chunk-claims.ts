// How a write takes references of the chunks it names, inside its own transaction, and how a release
// gives them back. The protocol is modelled in `test/simulation/dedup-model.ts`.
import assert from 'node:assert'
import {
  type BlobRef,
  type ChunkRef,
  type Generation,
  parseGeneration,
} from '../../protocol/chunks/chunk-ref.ts'
import { encodeBlobRef } from '../codec/chunk-ref-codec.ts'
import type { ClaimedChunk, ClaimRefused, NewPieceData } from '../metadata-store.ts'
import { parseTenantId } from '../record-ids.ts'
import type { PieceData, TenantId } from '../records.ts'
import { releaseOwner } from './chunk-lists.ts'
import type { Tables } from './lmdb-environment.ts'
import { appendDeletions } from './outbox-rows.ts'

/** A chunk's row: its living generation and how many references hold it. */
export type ChunkRow = {
  readonly generation: Generation
  readonly references: number
  readonly tenantId: TenantId
}
type Change = { readonly id: ChunkRef['id']; generation: Generation; references: number }

/**
 * Takes one reference per claim, all or none. A claim of another generation than the one that lives
 * adopts the living one; a copy that was stored in vain is put on the way to its deletion.
 */
export function claimChunks(
  tables: Tables,
  tenantId: TenantId,
  claims: readonly ClaimedChunk[],
): { is: 'taken'; refs: readonly ChunkRef[] } | { is: 'gone'; positions: readonly number[] } {
  const changes = new Map<string, Change>()
  const refs: ChunkRef[] = []
  const gone: number[] = []
  const unneeded = new Map<string, BlobRef>()
  claims.forEach((claim, position) => {
    const name = claim.id.toString('latin1')
    const living = changes.get(name) ?? startChange(tables, tenantId, claim)
    if (living === undefined) {
      gone.push(position)
      return
    }
    changes.set(name, living)
    living.references += 1
    const { id, length, crc32 } = claim
    refs.push({ id, generation: living.generation, length, crc32 })
    if (claim.origin === 'written' && claim.generation !== living.generation) {
      unneeded.set(`${name}${claim.generation}`, { id, generation: claim.generation })
    }
  })
  if (gone.length > 0) return { is: 'gone', positions: gone }
  for (const change of changes.values()) {
    tables.chunks.put(change.id, encodeChunkRow({ ...change, tenantId }))
  }
  appendDeletions(tables, tenantId, [...unneeded.values()])
  return { is: 'taken', refs }
}

/** Turns data on its way in into data that a row may hold. */
export function takePiece(
  tables: Tables,
  tenantId: TenantId,
  data: NewPieceData,
): { is: 'taken'; data: PieceData } | ClaimRefused {
  switch (data.is) {
    case 'inline':
      return { is: 'taken', data }
    case 'list':
      return releaseOwner(tables, tenantId, data.listId) ? { is: 'taken', data } : { is: 'lost' }
    case 'chunks': {
      const claimed = claimChunks(tables, tenantId, data.chunks)
      if (claimed.is === 'gone') return claimed
      return { is: 'taken', data: { is: 'chunks', chunks: claimed.refs } }
    }
    default:
      return data satisfies never
  }
}

/** Gives back one reference each. A chunk that nothing holds any more loses its row and its blob. */
export function giveBackChunks(
  tables: Tables,
  tenantId: TenantId,
  refs: readonly ChunkRef[],
): void {
  const changes = new Map<string, Change>()
  for (const { id, generation } of refs) {
    const name = id.toString('latin1')
    let change = changes.get(name)
    if (change === undefined) {
      const row = chunkRow(tables, id)
      assert(row !== undefined, 'a reference to a chunk that has no row')
      change = { id, generation: row.generation, references: row.references }
      changes.set(name, change)
    }
    assert(change.generation === generation, 'a reference to a generation that does not live')
    assert(change.references > 0, 'more references given back than were taken')
    change.references -= 1
  }
  const dead: BlobRef[] = []
  for (const change of changes.values()) {
    if (change.references > 0) {
      tables.chunks.put(change.id, encodeChunkRow({ ...change, tenantId }))
    } else {
      tables.chunks.remove(change.id)
      dead.push({ id: change.id, generation: change.generation })
    }
  }
  appendDeletions(tables, tenantId, dead)
}

export function chunkRow(tables: Tables, id: ChunkRef['id']): ChunkRow | undefined {
  const bytes = tables.chunks.get(id)
  if (bytes === undefined) return undefined
  const tenantId = parseTenantId(bytes.toString('latin1', 12))
  assert(tenantId !== undefined, 'a chunk row without its tenant')
  return {
    generation: parseGeneration(bytes.readUIntBE(0, 6)),
    references: bytes.readUIntBE(6, 6),
    tenantId,
  }
}

/** What a claim starts from: the living generation, or the claim's own if it is a new one. */
function startChange(tables: Tables, tenantId: TenantId, claim: ClaimedChunk): Change | undefined {
  const row = chunkRow(tables, claim.id)
  if (row !== undefined) {
    assert(row.tenantId === tenantId, 'one chunk id in two tenants')
    return { id: claim.id, generation: row.generation, references: row.references }
  }
  const isNew = claim.origin === 'written' && !tables.tombstones.has(encodeBlobRef(claim))
  return isNew ? { id: claim.id, generation: claim.generation, references: 0 } : undefined
}

function encodeChunkRow(row: ChunkRow): Buffer {
  const tenant = Buffer.from(row.tenantId, 'latin1')
  const bytes = Buffer.allocUnsafe(12 + tenant.length)
  bytes.writeUIntBE(row.generation, 0, 6)
  bytes.writeUIntBE(row.references, 6, 6)
  bytes.set(tenant, 12)
  return bytes
}
