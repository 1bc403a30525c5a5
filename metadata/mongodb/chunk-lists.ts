// Paged chunk lists: a head each, which says how far the pages reach, and whose the list is as long as no version
// or part has taken it over; and pages by plaintext offset. All that becomes of a list writes its head.
import type { ChunkListId, TenantId } from '../records.ts'
import type { Within } from './chunk-claims.ts'

/** Where a list's head is, before its first page. */
export const headAt = -1

/**
 * Takes the list from its owner; false, and nothing written, when it has none, or is another tenant's. Of two who
 * take it, or of one who takes and one who abandons it, one meets a conflict, or finds it without owner.
 */
export async function takeOverList(
  { db, session }: Within,
  tenantId: TenantId,
  listId: ChunkListId,
): Promise<boolean> {
  const owned = { list: listId, at: headAt, tenant: tenantId, owner: { $exists: true } }
  const { matchedCount } = await db.lists.updateOne(owned, { $unset: { owner: '' } }, { session })
  return matchedCount === 1
}
