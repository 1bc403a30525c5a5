// Names a chunk list that an upload fills.
import type { ChunkListId } from '../../../metadata/records.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'

export function newListId(random: RandomBytes): ChunkListId {
  return parseListId(random(16).toString('hex'))
}

function parseListId(hex: string): ChunkListId {
  return hex as ChunkListId
}
