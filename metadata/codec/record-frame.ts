// How every stored record is framed: a MessagePack array whose first element is the record's format
// version. Old formats are brought forward by a chain of pure functions, one per version. MessagePack
// "records" are off, since several processes write and could not share the structures.
import { Packr } from 'msgpackr'

export type Fields = readonly unknown[]
/** Brings the fields of format n (the function's index + 1) to format n + 1. */
export type Migration = (fields: Fields) => Fields

const packr = new Packr({ useRecords: false, variableMapSize: true })

/** A stored record that does not have the shape its kind should have: damage, or a newer program. */
export class RecordCorrupt extends Error {
  override readonly name = 'RecordCorrupt'
}

/** `undefined` at the end of the fields costs nothing; within them it becomes nil. */
export function encodeRecord(format: number, fields: Fields): Buffer {
  let count = fields.length
  while (count > 0 && fields[count - 1] === undefined) count -= 1
  return packr.pack([format, ...fields.slice(0, count).map((field) => field ?? null)])
}

function unpack(kind: string, bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes)
  } catch (cause) {
    throw new RecordCorrupt(`${kind}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** The fields in the newest format, which is one more than there are migrations. */
export function decodeRecord(
  kind: string,
  bytes: Uint8Array,
  migrations: readonly Migration[] = [],
): Fields {
  const unpacked = unpack(kind, bytes)
  if (!Array.isArray(unpacked)) throw new RecordCorrupt(`${kind}: not a record`)
  const newest = migrations.length + 1
  const [format, ...stored] = unpacked as unknown[]
  if (typeof format !== 'number' || format < 1 || format > newest) {
    throw new RecordCorrupt(`${kind}: format ${String(format)}, this program knows 1 to ${newest}`)
  }
  let fields: Fields = stored
  for (const migrate of migrations.slice(format - 1)) fields = migrate(fields)
  return fields
}

export function text(fields: Fields, index: number): string {
  const value = fields[index]
  if (typeof value !== 'string') throw wrong('text', index, value)
  return value
}

export function optionalText(fields: Fields, index: number): string | undefined {
  return fields[index] == null ? undefined : text(fields, index)
}

/** A whole number from 0 to 2^53 - 1. */
export function count(fields: Fields, index: number): number {
  const value = fields[index]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrong('count', index, value)
  }
  return value
}

export function optionalCount(fields: Fields, index: number): number | undefined {
  return fields[index] == null ? undefined : count(fields, index)
}

export function bytesAt(fields: Fields, index: number): Buffer {
  const value = fields[index]
  if (!(value instanceof Uint8Array)) throw wrong('bytes', index, value)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

export function array(fields: Fields, index: number): readonly unknown[] {
  const value = fields[index]
  if (value == null) return []
  if (!Array.isArray(value)) throw wrong('array', index, value)
  return value
}

/** One of the words given, stored as its position in the list: append to such lists, never reorder. */
export function word<W extends string>(words: readonly W[], fields: Fields, index: number): W {
  const value = fields[index]
  const found = typeof value === 'number' ? words[value] : undefined
  if (found === undefined) throw wrong(`one of ${words.join(', ')}`, index, value)
  return found
}

/** What an id's parser makes of the field; throws when it makes nothing. */
export function id<Id>(parse: (raw: string) => Id | undefined, fields: Fields, index: number): Id {
  const parsed = parse(text(fields, index))
  if (parsed === undefined) throw wrong('an id', index, fields[index])
  return parsed
}

function wrong(expected: string, index: number, value: unknown): RecordCorrupt {
  return new RecordCorrupt(`field ${index}: expected ${expected}, found ${typeof value}`)
}
