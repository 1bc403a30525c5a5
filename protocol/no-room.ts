// Tells a disk that takes no more from one that is broken, by the code of its error: full, a quota used
// up, the longest file there may be, mounted read-only. Such a disk still reads, nothing of a write that
// met it counts, and what has been synced stays so. Pure: who has errors of an engine gives their code.

/** As Node names them, and as LMDB numbers them: EFBIG, ENOSPC, EROFS, EDQUOT, MDB_MAP_FULL. */
const noRoomCodes: ReadonlySet<unknown> = new Set<unknown>([
  ...['EFBIG', 'ENOSPC', 'EROFS', 'EDQUOT'],
  ...[27, 28, 30, 122, -30792],
])

export function isNoRoom(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && noRoomCodes.has(cause.code)
}

/** What a write that was cut short met, though the system gave no error of its own. */
export function noRoomError(message: string): Error {
  return Object.assign(new Error(`ENOSPC: ${message}`), { code: 'ENOSPC' })
}
