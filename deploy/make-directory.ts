// Makes a directory so that a loss of power does not take it away again.
import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { syncDirectory } from './write-durably.ts'

/** With its parents, of mode 0700 each. The names of those made here are durable when this returns. */
export function makeDirectory(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (made === undefined) return
  const top = dirname(resolve(made))
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    syncDirectory(at)
    if (at === top || at === dirname(at)) return
  }
}
