// The JSON payload of a request below `/-/`, taken apart field by field: what is missing, of a wrong
// type or unknown is told by name.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { RequestBody } from '../s3/operation.ts'

/** Throws `MalformedJSON`, and what reading the body throws. */
export async function readJsonObject(body: RequestBody, bytesMax: number): Promise<JsonObject> {
  const bytes = await body.bytes(bytesMax)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new S3Error('MalformedJSON', {}, { cause })
  }
  return new JsonObject(value, '')
}

export class JsonObject {
  /** As it is called in messages. */
  readonly place: string
  private readonly fields: ReadonlyMap<string, unknown>
  private readonly taken = new Set<string>()

  /** `place` names it in messages, such as `entries[3]`; empty for the whole payload. */
  constructor(value: unknown, place: string) {
    this.place = place
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw malformed(`${place === '' ? 'The payload' : place} is not a JSON object.`)
    }
    this.fields = new Map(Object.entries(value))
  }

  has(name: string): boolean {
    return this.fields.has(name)
  }

  text(name: string): string {
    const value = this.take(name)
    // A lone surrogate has no UTF-8.
    if (typeof value === 'string' && Buffer.from(value).toString() === value) return value
    throw malformed(`${this.nameOf(name)} must be a text.`)
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined
  }

  /** A whole number from `min` to `max`. */
  optionalNumber(
    name: string,
    range: { readonly min: number; readonly max: number },
  ): number | undefined {
    if (!this.has(name)) return undefined
    const value = this.take(name)
    const fits = typeof value === 'number' && value >= range.min && value <= range.max
    if (fits && Number.isInteger(value)) return value
    throw malformed(
      `${this.nameOf(name)} must be a whole number from ${range.min} to ${range.max}.`,
    )
  }

  optionalFlag(name: string): boolean {
    const value = this.has(name) ? this.take(name) : false
    if (typeof value === 'boolean') return value
    throw malformed(`${this.nameOf(name)} must be true or false.`)
  }

  object(name: string): JsonObject {
    return new JsonObject(this.take(name), this.nameOf(name))
  }

  optionalObject(name: string): JsonObject | undefined {
    return this.has(name) ? this.object(name) : undefined
  }

  /** A list of objects, of `max` at most. */
  objects(name: string, max: number): readonly JsonObject[] {
    const value = this.take(name)
    if (!Array.isArray(value) || value.length > max) {
      throw malformed(`${this.nameOf(name)} must be a list of at most ${max} objects.`)
    }
    return value.map((item, at) => new JsonObject(item, `${this.nameOf(name)}[${at}]`))
  }

  /** To be called last: refuses fields that nobody has asked for. */
  end(): void {
    for (const name of this.fields.keys()) {
      if (!this.taken.has(name)) throw malformed(`${this.nameOf(name)} is not known here.`)
    }
  }

  nameOf(field: string): string {
    return this.place === '' ? field : `${this.place}.${field}`
  }

  private take(name: string): unknown {
    this.taken.add(name)
    return this.fields.get(name)
  }
}

function malformed(message: string): S3Error {
  return new S3Error('MalformedJSON', {}, { message })
}
