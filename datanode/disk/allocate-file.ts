// Gives a file its blocks before it is written. Node has no fallocate(2): the program of that name does
// it, from the package that `flock` comes from. It never changes what a file holds already, and so may
// be run on one that others write.
import { execFile } from 'node:child_process'
import { noRoomError } from '../../protocol/no-room.ts'

/** Rejects with ENOSPC when there is no room, with ENOTSUP where this cannot be done. */
export function allocateFile(path: string, bytes: number): Promise<void> {
  // In the language whose words are looked for below.
  const argv = ['LC_ALL=C', 'fallocate', '-l', String(bytes), path]
  return new Promise((resolve, reject) => {
    execFile('env', argv, (cause, _stdout, stderr) => {
      if (cause === null) resolve()
      else reject(explained(path, stderr.trim() || cause.message))
    })
  })
}

function explained(path: string, why: string): Error {
  const message = `${path} was not allocated: ${why}`
  if (/No space left|quota exceeded|Read-only|too large/i.test(why)) return noRoomError(message)
  return Object.assign(new Error(message), { code: 'ENOTSUP' })
}
