// Makes a directory so that a loss of power does not take it away again.
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

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

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
