// Arguments and answers as bytes: MessagePack, with what a plain form of it would lose. `undefined` stays apart
// from absent, Buffer from Uint8Array, and a member may be called `__proto__`, as an object's metadata may: the
// library would rename it. Errors among values keep name, message and cause, and no stack.
import { Packr } from 'msgpackr'

/** `rows`: the names of members that many values share are written once. Both sides know which it is. */
export type WireForm = 'plain' | 'rows'

/** Bytes that no value comes of. */
export class BadWireValue extends Error {
  override readonly name = 'BadWireValue'
}

const packers: Readonly<Record<WireForm, Packr>> = {
  plain: new Packr({ useRecords: false, moreTypes: true }),
  rows: new Packr({ useRecords: true, moreTypes: true, bundleStrings: true }),
}

const reserved = '__proto__'
const escapedReserved = `\0${reserved}`
const reservedKey = /^\0*__proto__$/

export function packValue(value: unknown, form: WireForm): Buffer {
  const bytes = packers[form].pack(value)
  // The word is nearly never there, and to look for it costs next to nothing.
  if (!bytes.includes(reserved)) return bytes
  return packers[form].pack(withKeys(value, (key) => (reservedKey.test(key) ? `\0${key}` : key)))
}

/** Throws `BadWireValue`. */
export function unpackValue(bytes: Buffer, form: WireForm): unknown {
  let value: unknown
  try {
    value = packers[form].unpack(bytes)
  } catch (cause) {
    throw new BadWireValue('bytes that are no value', { cause })
  }
  if (!bytes.includes(escapedReserved)) return value
  return withKeys(value, (key) =>
    key.length > reserved.length && reservedKey.test(key) ? key.slice(1) : key,
  )
}

/** A copy whose members are called otherwise. Only arrays and plain objects are looked into. */
function withKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => withKeys(each, rename))
  if (!isPlain(value)) return value
  const renamed: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    // Assigned, `__proto__` would become the prototype.
    Object.defineProperty(renamed, rename(key), {
      value: withKeys(member, rename),
      ...{ enumerable: true, configurable: true, writable: true },
    })
  }
  return renamed
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
