// Whether a path is a directory, or lies somewhere in it.
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'

/** By the names that the system knows them under; of what is not there yet, by its parent's. */
export function isWithin(path: string, directory: string): boolean {
  return `${realPath(path)}${sep}`.startsWith(`${realPath(directory)}${sep}`)
}

function realPath(path: string): string {
  const whole = resolve(path)
  try {
    return realpathSync(whole)
  } catch {
    const above = dirname(whole)
    return above === whole ? whole : join(realPath(above), basename(whole))
  }
}
