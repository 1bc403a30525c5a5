// Reads the elements of a policy out of its JSON: types, one value or several, and the place for errors.
import type { JsonObject, JsonValue } from './json-reader.ts'
import { PolicyRefused, type Refusal } from './policy-refused.ts'

export type Refused = {
  readonly reason: Refusal
  readonly place: string
  readonly problem: string
  readonly named?: string
}

export function refuse(details: Refused): never {
  throw new PolicyRefused(details)
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return value instanceof Map
}

/** Throws `PolicyRefused`. */
export function readObject(value: JsonValue, place: string): JsonObject {
  if (isJsonObject(value)) return value
  return refuse({ reason: 'syntax', place, problem: 'must be an object' })
}

/** Throws `PolicyRefused`. */
export function readText(value: JsonValue, place: string, reason: Refusal = 'syntax'): string {
  if (typeof value === 'string') return value
  return refuse({ reason, place, problem: 'must be a string', named: JSON.stringify(value) })
}

/** One string, or an array of at least one. Throws `PolicyRefused`. */
export function readTexts(value: JsonValue, place: string, reason: Refusal): readonly string[] {
  if (!Array.isArray(value)) return [readText(value, place, reason)]
  if (value.length === 0) return refuse({ reason, place, problem: 'must not be empty' })
  return value.map((each, at) => readText(each, `${place}[${at}]`, reason))
}

/** Throws `PolicyRefused` for an element that is not among the known ones. */
export function checkElements(object: JsonObject, known: ReadonlySet<string>, place: string): void {
  for (const name of object.keys()) {
    if (known.has(name)) continue
    refuse({
      reason: 'unknown element',
      place: place === '' ? name : `${place}.${name}`,
      problem: 'is no element of a policy',
      named: name,
    })
  }
}
