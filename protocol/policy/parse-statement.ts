// One statement of a policy. Which elements it has to have, and may not have, follows from the policy's kind.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html
import { checkElements, readText, readTexts, refuse } from './element-reader.ts'
import type { JsonObject, JsonValue } from './json-reader.ts'
import { checkAction } from './parse-action.ts'
import { parseConditions } from './parse-conditions.ts'
import { parsePrincipals } from './parse-principals.ts'
import { parseResource } from './parse-resource.ts'
import type { Effect, Listed, PolicyKind, PolicyVersion, Statement } from './policy-document.ts'

export type StatementPlace = {
  readonly kind: PolicyKind
  readonly version: PolicyVersion
  /** `Statement[2]` */
  readonly place: string
}

const elements: ReadonlySet<string> = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
])

/** Throws `PolicyRefused`. */
export function parseStatement(json: JsonObject, at: StatementPlace): Statement {
  checkElements(json, elements, at.place)
  const sid = parseSid(json, at)
  const effect = parseEffect(json, at)
  const principals = readPrincipals(json, at)
  if (effect === 'Allow' && principals?.but) {
    const problem = 'allows everyone but a few: NotPrincipal goes with "Deny" only'
    refuse({ reason: 'not principal', place: `${at.place}.NotPrincipal`, problem })
  }
  const actions = readActions(json, at)
  const resources = readResources(json, at)
  const written = json.get('Condition')
  const conditions = written === undefined ? [] : parseConditions(written, at)
  return {
    effect,
    actions,
    conditions,
    ...(sid === undefined ? {} : { sid }),
    ...(principals === undefined ? {} : { principals }),
    ...(resources === undefined ? {} : { resources }),
  }
}

const alphanumeric = /^[0-9A-Za-z]*$/
const printable = /^[^\x00-\x1f\x7f]*$/

/** An empty one is as none. Of bucket policies it may be a sentence. */
function parseSid(json: JsonObject, { kind, place }: StatementPlace): string | undefined {
  const written = json.get('Sid')
  if (written === undefined) return undefined
  const sid = readText(written, `${place}.Sid`)
  if (sid === '') return undefined
  if ((kind === 'resource' ? printable : alphanumeric).test(sid)) return sid
  return refuse({
    reason: 'sid',
    place: `${place}.Sid`,
    problem: `"${sid}" has characters that a Sid may not have`,
  })
}

function parseEffect(json: JsonObject, { place }: StatementPlace): Effect {
  const effect = json.get('Effect')
  if (effect === 'Allow' || effect === 'Deny') return effect
  if (effect === undefined) return missing('Effect', place)
  return refuse({
    reason: 'effect',
    place: `${place}.Effect`,
    problem: 'must be "Allow" or "Deny"',
    named: typeof effect === 'string' ? effect : JSON.stringify(effect),
  })
}

function readPrincipals(json: JsonObject, at: StatementPlace): Statement['principals'] {
  const { kind, place } = at
  const found = oneOf(json, 'Principal', place)
  if (found === undefined) return kind === 'identity' ? undefined : missing('Principal', place)
  if (kind === 'identity') {
    return forbidden(found.name, place, 'a policy of an identity names no principal')
  }
  if (kind === 'trust' && found.but) {
    return forbidden(found.name, place, 'a trust policy names who may assume the role')
  }
  return { but: found.but, values: parsePrincipals(found.value, `${place}.${found.name}`) }
}

function readActions(json: JsonObject, { kind, place }: StatementPlace): Listed<string> {
  const found = oneOf(json, 'Action', place)
  if (found === undefined) return missing('Action', place)
  const values = readTexts(found.value, `${place}.${found.name}`, 'action')
  for (const action of values) checkAction(action, { kind, place: `${place}.${found.name}` })
  return { but: found.but, values }
}

function readResources(json: JsonObject, at: StatementPlace): Listed<string> | undefined {
  const { kind, place, version } = at
  const found = oneOf(json, 'Resource', place)
  if (found === undefined) return kind === 'trust' ? undefined : missing('Resource', place)
  if (kind === 'trust') return forbidden(found.name, place, 'a trust policy is about its own role')
  const where = `${place}.${found.name}`
  const values = readTexts(found.value, where, 'resource')
  return {
    but: found.but,
    values: values.map((text) => parseResource(text, { kind, version, where })),
  }
}

type Found = { readonly name: string; readonly but: boolean; readonly value: JsonValue }

/** An element or its negation; undefined: neither. */
function oneOf(json: JsonObject, name: string, place: string): Found | undefined {
  const plain = json.get(name)
  const negated = json.get(`Not${name}`)
  if (plain !== undefined && negated !== undefined) {
    const problem = `has both ${name} and Not${name}`
    return refuse({ reason: 'syntax', place, problem })
  }
  if (plain !== undefined) return { name, but: false, value: plain }
  return negated === undefined ? undefined : { name: `Not${name}`, but: true, value: negated }
}

function missing(name: string, place: string): never {
  return refuse({ reason: 'missing element', place, problem: `has no ${name}`, named: name })
}

function forbidden(name: string, place: string, problem: string): never {
  return refuse({ reason: 'forbidden element', place: `${place}.${name}`, problem, named: name })
}
