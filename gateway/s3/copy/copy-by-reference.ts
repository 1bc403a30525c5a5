// Copies an object within its tenant without touching its bytes: the copy refers to the same chunks.
// Each reference is taken inside a transaction that checks that the chunk still lives, so the source
// may be deleted meanwhile; then the answer is `gone`, and the caller copies the bytes.

import type { ChunkCatalog, ClaimRefused, NewPieceData } from '../../../metadata/metadata-store.ts'
import type { ChunkListId, PieceData, TenantId } from '../../../metadata/records.ts'
import { isClaimRefused } from '../../data/write/staged-data.ts'

export type ReferenceDeps = {
  readonly chunks: ChunkCatalog
  readonly tenantId: TenantId
  /** A chunk list for the copy to fill, and whose it is until the commit. */
  readonly newList: () => { readonly listId: ChunkListId; readonly owner: string }
  /** Ends the taking of references to a long list, which is given up then; not the commit. */
  readonly signal: AbortSignal
}

/** Where the bytes of the source are, and how many there are. */
export type ReferencedPiece = { readonly data: PieceData; readonly size: number }

const gone = { is: 'gone' } as const
/** Chunks in one step of a list: 1 GiB of plaintext. */
const listPageChunks = 256

/**
 * Runs the committing verb with references to the source's chunks. An answer other than `committed`
 * means that nothing was taken over; `gone`, that some of the source was not there any more.
 */
export async function commitByReference<T extends { readonly is: string }>(
  deps: ReferenceDeps,
  source: ReferencedPiece,
  verb: (data: NewPieceData) => Promise<T | ClaimRefused>,
): Promise<T | typeof gone> {
  switch (source.data.is) {
    case 'inline':
      return settled(await verb({ is: 'inline', sealed: source.data.sealed }))
    case 'chunks': {
      const chunks = source.data.chunks.map((chunk) => ({ ...chunk, origin: 'known' as const }))
      return settled(await verb({ is: 'chunks', chunks }))
    }
    case 'list':
      return commitList(deps, { listId: source.data.listId, size: source.size }, verb)
    default:
      return source.data satisfies never
  }
}

function settled<T extends { readonly is: string }>(answer: T | ClaimRefused): T | typeof gone {
  return isClaimRefused(answer) ? gone : answer
}

async function commitList<T extends { readonly is: string }>(
  deps: ReferenceDeps,
  source: { readonly listId: ChunkListId; readonly size: number },
  verb: (data: NewPieceData) => Promise<T | ClaimRefused>,
): Promise<T | typeof gone> {
  const { chunks, tenantId, signal } = deps
  const list = deps.newList()
  let taken = false
  try {
    let offset = 0
    while (offset < source.size) {
      signal.throwIfAborted()
      const page = await chunks.readList(source.listId, offset, listPageChunks)
      if (page.chunks.length === 0 || page.offset !== offset) return gone
      const claimed = page.chunks.map((chunk) => ({ ...chunk, origin: 'known' as const }))
      const extension = { tenantId, ...list, offset, chunks: claimed }
      if ((await chunks.extendList(extension)).is !== 'extended') return gone
      for (const chunk of page.chunks) offset += chunk.length
    }
    const answer = settled(await verb({ is: 'list', listId: list.listId }))
    taken = answer.is === 'committed'
    return answer
  } finally {
    if (!taken) await chunks.abandonList(tenantId, list.listId)
  }
}
