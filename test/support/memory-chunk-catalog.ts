// A ChunkCatalog in memory, with the commit of a piece beside it, written for tests of what stands on
// the port. It keeps reference counts and generations as the port says; `forget` is a deletion.
import type { ChunkCatalog, ClaimedChunk, NewPieceData } from '../../metadata/metadata-store.ts'
import type { ChunkListId, TenantId } from '../../metadata/records.ts'
import type { BlobRef, ChunkId, ChunkRef } from '../../protocol/chunks/chunk-ref.ts'

type Gone = { readonly is: 'gone'; readonly positions: readonly number[] }

export class MemoryChunkCatalog implements ChunkCatalog {
  readonly live = new Map<string, BlobRef>()
  readonly lists = new Map<ChunkListId, { owner: string; committed: boolean; chunks: ChunkRef[] }>()
  /** Generations of which every claim is `gone`, as `OrphanStore.review` leaves them. */
  readonly condemned = new Set<number>()
  extensions = 0
  /** Runs before each claim is looked at: the place for a deletion that comes between. */
  beforeClaim: () => void = () => {}

  async find(tenantId: TenantId, ids: readonly ChunkId[]) {
    return ids.map((id) => this.live.get(rowOf(tenantId, id)))
  }

  async extendList(extension: Parameters<ChunkCatalog['extendList']>[0]) {
    this.beforeClaim()
    const refused = this.claim(extension.tenantId, extension.chunks)
    if (refused !== undefined) return refused
    const { listId, owner } = extension
    const list = this.lists.get(listId) ?? { owner, committed: false, chunks: [] }
    const bytes = list.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    if (bytes !== extension.offset) throw new Error(`extended at ${extension.offset} of ${bytes}`)
    list.chunks.push(...extension.chunks.map((chunk) => this.liveRef(extension.tenantId, chunk)))
    this.lists.set(listId, list)
    this.extensions += 1
    return { is: 'extended' as const }
  }

  async abandonList(_tenantId: TenantId, listId: ChunkListId): Promise<void> {
    if (this.lists.get(listId)?.committed === false) this.lists.delete(listId)
  }

  async abandonListsOf(): Promise<number> {
    throw new Error('nothing here dies')
  }

  async readList(listId: ChunkListId, fromOffset: number, limit: number) {
    let offset = 0
    const chunks = this.lists.get(listId)?.chunks ?? []
    for (const [index, chunk] of chunks.entries()) {
      if (offset + chunk.length > fromOffset) {
        return { offset, chunks: chunks.slice(index, index + limit) }
      }
      offset += chunk.length
    }
    return { offset, chunks: [] }
  }

  async list(): Promise<readonly BlobRef[]> {
    return [...this.live.values()]
  }

  async areReferenced(): Promise<readonly boolean[]> {
    throw new Error('nothing here is given up')
  }

  /** Commits a piece: answers it as it would be stored, or why not. */
  async commit(tenantId: TenantId, data: NewPieceData) {
    this.beforeClaim()
    switch (data.is) {
      case 'inline':
        return { is: 'committed' as const, data }
      case 'list': {
        const list = this.lists.get(data.listId)
        if (list === undefined) return { is: 'lost' as const }
        list.committed = true
        return { is: 'committed' as const, data }
      }
      case 'chunks': {
        const refused = this.claim(tenantId, data.chunks)
        if (refused !== undefined) return refused
        const chunks = data.chunks.map((chunk) => this.liveRef(tenantId, chunk))
        return { is: 'committed' as const, data: { is: 'chunks' as const, chunks } }
      }
    }
  }

  /** The last reference to every chunk is gone. */
  forgetAll(): void {
    this.live.clear()
  }

  private claim(tenantId: TenantId, chunks: readonly ClaimedChunk[]): Gone | undefined {
    const positions: number[] = []
    for (const [position, chunk] of chunks.entries()) {
      const row = this.live.get(rowOf(tenantId, chunk.id))
      const isKnownGone = chunk.origin === 'known' && row?.generation !== chunk.generation
      if (isKnownGone || this.condemned.has(chunk.generation)) positions.push(position)
    }
    if (positions.length > 0) return { is: 'gone', positions }
    for (const { id, generation } of chunks) {
      const name = rowOf(tenantId, id)
      if (!this.live.has(name)) this.live.set(name, { id, generation })
    }
    return undefined
  }

  private liveRef(tenantId: TenantId, { id, length, crc32 }: ClaimedChunk): ChunkRef {
    const row = this.live.get(rowOf(tenantId, id))
    if (row === undefined) throw new Error('a claim that was not taken')
    return { id, generation: row.generation, length, crc32 }
  }
}

function rowOf(tenantId: TenantId, id: ChunkId): string {
  return `${tenantId} ${id.toString('hex')}`
}
