// How a write takes references of the chunks it names, inside its own transaction, and how a release gives
// them back. The protocol is modelled in `test/simulation/mongo-dedup-model.ts`.
//
// Every claim of a chunk writes the document of that chunk, and so does whoever takes its last reference away or
// condemns a generation of it: of two that meet, one runs anew. So what is decided here rests on nothing that
// was only read: tasks of deleting a generation appear only together with a change of its chunk's document.
import assert from 'node:assert'
import type { AnyBulkWriteOperation, ClientSession } from 'mongodb'
import type { BlobRef, ChunkRef, Generation } from '../../protocol/chunks/chunk-ref.ts'
import type { ClaimedChunk, ClaimRefused, NewPieceData } from '../metadata-store.ts'
import type { PieceData, TenantId } from '../records.ts'
import { blobDocumentId, chunkDocumentId, deletionWrite, livingChunk } from './chunk-documents.ts'
import { takeOverList } from './chunk-lists.ts'
import type { ChunkDocument } from './documents.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'

/** Where a verb reads and writes: with the session of its transaction. */
export type Within = { readonly db: MongoDatabase; readonly session: ClientSession }
/** Within a transaction, or as things stand. */
export type Reading = Pick<Within, 'db'> & Partial<Pick<Within, 'session'>>

type Write = AnyBulkWriteOperation<ChunkDocument>
/** A chunk as it was read, and what is to become of it. */
type Change = {
  readonly id: ChunkRef['id']
  readonly before: ChunkDocument | undefined
  readonly generation: Generation
  references: number
}

/**
 * Takes one reference per claim, all or none. A claim of another generation than the one that lives adopts the
 * living one; a copy that was stored in vain is put on the way to its deletion. `gone`: nothing was written. Throws
 * `Conflict`.
 */
export async function claimChunks(
  within: Within,
  tenantId: TenantId,
  claims: readonly ClaimedChunk[],
): Promise<
  { is: 'taken'; refs: readonly ChunkRef[] } | { is: 'gone'; positions: readonly number[] }
> {
  const written = claims.filter(({ origin }) => origin === 'written')
  const found = await documentsOf(within, [
    ...claims.map(({ id }) => chunkDocumentId(id)),
    ...written.map(blobDocumentId),
  ])
  const changes = new Map<string, Change>()
  const refs: ChunkRef[] = []
  const gone: number[] = []
  const unneeded = new Map<string, BlobRef>()
  claims.forEach((claim, position) => {
    const name = chunkDocumentId(claim.id)
    const change = changes.get(name) ?? startChange(found, tenantId, claim)
    if (change === undefined) {
      gone.push(position)
      return
    }
    changes.set(name, change)
    change.references += 1
    const { id, length, crc32 } = claim
    refs.push({ id, generation: change.generation, length, crc32 })
    if (claim.origin === 'written' && claim.generation !== change.generation) {
      unneeded.set(blobDocumentId(claim), { id, generation: claim.generation })
    }
  })
  if (gone.length > 0) return { is: 'gone', positions: gone }
  await writeChanges(within, tenantId, { changes, deletions: [...unneeded.values()] })
  return { is: 'taken', refs }
}

/**
 * Turns data on its way in into data that a version or a part may hold. A refusal has written nothing. Throws
 * `Conflict`.
 */
export async function takePiece(
  within: Within,
  tenantId: TenantId,
  data: NewPieceData,
): Promise<{ is: 'taken'; data: PieceData } | ClaimRefused> {
  switch (data.is) {
    case 'inline':
      return { is: 'taken', data }
    case 'list': {
      const isTaken = await takeOverList(within, tenantId, data.listId)
      return isTaken ? { is: 'taken', data } : { is: 'lost' }
    }
    case 'chunks': {
      const claimed = await claimChunks(within, tenantId, data.chunks)
      if (claimed.is === 'gone') return claimed
      return { is: 'taken', data: { is: 'chunks', chunks: claimed.refs } }
    }
    default:
      return data satisfies never
  }
}

/**
 * Gives back one reference each. A chunk that nothing holds any more lives no more, and its blob is to be
 * deleted. Throws `Conflict`.
 */
export async function giveBackChunks(
  within: Within,
  tenantId: TenantId,
  refs: readonly ChunkRef[],
): Promise<void> {
  if (refs.length === 0) return
  const found = await documentsOfChunks(within, refs)
  const changes = new Map<string, Change>()
  for (const { id, generation } of refs) {
    const name = chunkDocumentId(id)
    let change = changes.get(name)
    if (change === undefined) {
      const before = found.get(name)
      const living = livingChunk(before)
      assert(living !== undefined, 'a reference to a chunk that does not live')
      change = { id, before, ...living }
      changes.set(name, change)
    }
    assert(change.generation === generation, 'a reference to a generation that does not live')
    assert(change.references > 0, 'more references given back than were taken')
    change.references -= 1
  }
  const deletions = [...changes.values()].filter(({ references }) => references === 0)
  await writeChanges(within, tenantId, { changes, deletions })
}

/** What a claim starts from: the living generation, or the claim's own if it is a new one. */
function startChange(
  found: ReadonlyMap<string, ChunkDocument>,
  tenantId: TenantId,
  claim: ClaimedChunk,
): Change | undefined {
  const before = found.get(chunkDocumentId(claim.id))
  const living = livingChunk(before)
  if (living !== undefined) {
    assert(before?.tenant === tenantId, 'one chunk id in two tenants')
    return { id: claim.id, before, ...living }
  }
  const { generation } = claim
  // A generation that is to be deleted, or was condemned, never comes back.
  const isOver =
    found.has(blobDocumentId(claim)) || before?.condemned?.includes(generation) === true
  if (claim.origin !== 'written' || isOver) return undefined
  return { id: claim.id, before, generation, references: 0 }
}

export function documentsOfChunks(
  reading: Reading,
  chunks: readonly Pick<ChunkRef, 'id'>[],
): Promise<ReadonlyMap<string, ChunkDocument>> {
  return documentsOf(
    reading,
    chunks.map(({ id }) => chunkDocumentId(id)),
  )
}

async function documentsOf(
  { db, session }: Reading,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ChunkDocument>> {
  if (ids.length === 0) return new Map()
  const options = session === undefined ? {} : { session }
  const documents = await db.chunks.find({ _id: { $in: [...new Set(ids)] } }, options).toArray()
  return new Map(documents.map((document) => [document._id, document]))
}

async function writeChanges(
  { db, session }: Within,
  tenantId: TenantId,
  wanted: { readonly changes: ReadonlyMap<string, Change>; readonly deletions: readonly BlobRef[] },
): Promise<void> {
  const changes = [...wanted.changes].map(([name, change]) => changeWrite(name, tenantId, change))
  const deletions: Write[] = wanted.deletions.map((blob) => deletionWrite(tenantId, blob))
  if (changes.length === 0) return
  const done = await db.chunks.bulkWrite([...changes, ...deletions], { session })
  // Deletions that were asked for before are matched, or added.
  const met = done.matchedCount + done.upsertedCount + done.insertedCount + done.deletedCount
  if (met !== changes.length + deletions.length) throw new Conflict()
}

function changeWrite(name: string, tenantId: TenantId, change: Change): Write {
  const { before, generation, references } = change
  const living = { tenant: tenantId, g: generation, refs: references }
  if (before === undefined) return { insertOne: { document: { _id: name, ...living } } }
  const filter =
    before.g === undefined
      ? { _id: name, g: { $exists: false } }
      : { _id: name, g: before.g, refs: before.refs ?? 0 }
  if (references > 0) return { updateOne: { filter, update: { $set: living } } }
  if (before.condemned === undefined) return { deleteOne: { filter } }
  return { updateOne: { filter, update: { $unset: { g: '', refs: '' } } } }
}
