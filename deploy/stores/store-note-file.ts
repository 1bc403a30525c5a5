// The small text files by which a directory says that it is a store, or a backup of one: a sentence for
// people, then `name=value` lines, of which each has the format and the store.
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { parseStoreId, type StoreId } from '../../protocol/store/lineage.ts'
import { requireKnownFormat, storeFormat } from '../../protocol/store/store-format.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { requireShape } from './require-shape.ts'
import { writeDurably } from './write-durably.ts'

export type StoreNoteFile = {
  readonly storeId: StoreId
  readonly format: number
  /** The value of another line; `undefined`: there is none. */
  readonly value: (name: string) => string | undefined
}

/**
 * `undefined`: there is no such file. Throws `StoreRefused` when it is damaged, or of a later format, and
 * when something in its directory is of the wrong kind.
 */
export async function readStoreNoteFile(path: string): Promise<StoreNoteFile | undefined> {
  await requireShape(dirname(path))
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    throw cause
  }
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]
  const said = value('format') ?? ''
  if (!/^\d+$/.test(said)) throw damagedNoteFile(path)
  const format = Number(said)
  requireKnownFormat(format, dirname(path))
  const storeId = parseStoreId(value('store') ?? '')
  if (storeId === undefined) throw damagedNoteFile(path)
  return { storeId, format, value }
}

export function damagedNoteFile(path: string): StoreRefused {
  return new StoreRefused(
    `${path} is damaged: put ${basename(path)} back from a copy, or see docs/recovery.md.`,
  )
}

/** `lines`: what it says beside format and store. Durable when it returns. */
export function writeStoreNoteFile(
  path: string,
  note: {
    readonly sentence: string
    readonly storeId: StoreId
    readonly lines?: readonly string[]
  },
): void {
  const { sentence, storeId, lines = [] } = note
  const text = [sentence, `format=${storeFormat}`, `store=${storeId}`, ...lines, '']
  writeDurably(path, text.join('\n'))
}

function isAbsent(cause: unknown): boolean {
  if (!(cause instanceof Error && 'code' in cause)) return false
  return cause.code === 'ENOENT' || cause.code === 'ENOTDIR'
}
