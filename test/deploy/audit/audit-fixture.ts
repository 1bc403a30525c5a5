// What tests of the audit log have in common.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Log, logTo } from '../../../gateway/log.ts'

/** A log that keeps what it is told. */
export function keptLog(): { readonly log: Log; readonly told: string[] } {
  const told: string[] = []
  return { told, log: logTo((level, event) => told.push(`${level} ${event}`)) }
}

export function numbered(number: number, bytes = 0): string {
  return `${JSON.stringify({ number, filling: 'x'.repeat(bytes) })}\n`
}

export type Line = Readonly<Record<string, unknown>>

/** All whole lines of the file and of those that were put aside, in order. Throws for a line that is none. */
export function linesOf(path: string): readonly Line[] {
  return textsOf(path).flatMap(({ name, text }) => {
    const lines = text.split('\n')
    if (lines.pop() !== '') throw new Error(`${name} ends in the middle of a line`)
    return lines.map((line) => JSON.parse(line) as Line)
  })
}

/** Oldest first, the one that is written last. */
export function textsOf(path: string): readonly { readonly name: string; readonly text: string }[] {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)))
  const aside = names.filter((name) => name !== basename(path)).sort()
  const current = names.filter((name) => name === basename(path))
  return [...aside, ...current].map((name) => ({
    name,
    text: readFileSync(join(dirname(path), name), 'utf8'),
  }))
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
