// A guess for people who start a server that they have started before: their ports are in use by it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A sentence, when a process lives that has written its id into the directory's lock file. Only the lock
 * itself, `data-directory.ts`, decides whether the directory is in use.
 */
export function runningAlready(dataDirectory: string): string | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(dataDirectory, 'lock'), 'utf8'), 10)
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
    process.kill(pid, 0)
    return `Perhaps by Holdfast itself: a server with process id ${pid} has its data in ${dataDirectory}.`
  } catch {
    // No file, or no such process: there is nothing to guess.
    return undefined
  }
}
