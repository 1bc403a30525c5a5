// Files of the audit log that were put aside: named after the one that is written and the moment, so that their names
// sort as they followed one another.
import { access, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** `audit.log.20261128T204700123Z`; with `-1` and so on behind it when that is taken. */
export async function asideName(path: string, nowMs: number): Promise<string> {
  const stamp = new Date(nowMs).toISOString().replace(/[-:.]/g, '')
  for (let count = 0; ; count += 1) {
    const name = count === 0 ? `${path}.${stamp}` : `${path}.${stamp}-${count}`
    if (!(await isThere(name))) return name
  }
}

/** Paths, oldest first. */
export async function filesAside(path: string): Promise<readonly string[]> {
  const beginning = `${basename(path)}.`
  const found = (await readdir(dirname(path))).flatMap((name) => {
    if (!name.startsWith(beginning)) return []
    const [, stamp, count] =
      /^(\d{8}T\d{9}Z)(?:-(\d{1,6}))?$/.exec(name.slice(beginning.length)) ?? []
    return stamp === undefined ? [] : [{ name, stamp, count: Number(count ?? 0) }]
  })
  found.sort((a, b) => (a.stamp === b.stamp ? a.count - b.count : a.stamp < b.stamp ? -1 : 1))
  return found.map(({ name }) => join(dirname(path), name))
}

/** But for the newest `keep`. */
export async function deleteOldest(path: string, keep: number): Promise<void> {
  const all = await filesAside(path)
  for (const old of all.slice(0, Math.max(0, all.length - keep))) await rm(old, { force: true })
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
