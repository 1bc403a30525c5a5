// What `holdfast admin NOUN VERB` is: the words it takes, and how it asks the admin API. Which there are is in the files
// `verbs-of-….ts`.
import type { AdminClient } from './admin-client.ts'

/** With a value each, unless it is a switch. */
export type VerbFlag = { readonly value?: string; readonly means: string }

export type VerbCall = {
  readonly client: AdminClient
  /** By their names. */
  readonly words: Readonly<Record<string, string>>
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => Promise<string>
}

export type VerbResult = {
  /** What `--json` prints. */
  readonly json: unknown
  /** What people read. */
  readonly lines: readonly string[]
}

export type Verb = {
  /** As in `tenant create`. */
  readonly name: string
  /** Names of its words, in their order. */
  readonly takes: readonly string[]
  readonly flags?: Readonly<Record<string, VerbFlag>>
  readonly means: string
  readonly run: (call: VerbCall) => Promise<VerbResult>
}

/** A table: its columns by their names in the items. */
export function tableOf(items: readonly unknown[], columns: readonly string[]): readonly string[] {
  const cell = (item: unknown, column: string): string => {
    const value = typeof item === 'object' && item !== null ? Reflect.get(item, column) : undefined
    return printable(value === undefined ? '' : Array.isArray(value) ? value.join(' ') : value)
  }
  const rows = [
    columns.map((column) => column.toUpperCase()),
    ...items.map((item) => columns.map((column) => cell(item, column))),
  ]
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** One thing: a line a field. */
export function fieldsOf(shown: unknown): readonly string[] {
  if (typeof shown !== 'object' || shown === null) return []
  return Object.entries(shown).map(([name, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : value
    return `${name}: ${printable(text)}`
  })
}

/** What strangers wrote moves no cursor. */
function printable(value: unknown): string {
  return String(value).replace(/[\0-\x1f\x7f-\x9f]/g, '?')
}
