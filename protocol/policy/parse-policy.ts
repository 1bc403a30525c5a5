// A policy document from its JSON. All that AWS refuses when a policy is stored is refused here, so that
// what is evaluated later cannot be malformed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
import { checkBucketStatement } from './check-bucket-statement.ts'
import { checkElements, readObject, readText, refuse } from './element-reader.ts'
import { type JsonObject, type JsonValue, readJson } from './json-reader.ts'
import { parseStatement } from './parse-statement.ts'
import type { PolicyDocument, PolicyKind, PolicyVersion, Statement } from './policy-document.ts'
import { checkPolicySize, type PolicySize } from './policy-sizes.ts'

export type PolicyOptions = {
  readonly kind: PolicyKind
  readonly size: PolicySize
  /** Of a bucket policy: whose it is. Its resources have to concern that bucket. */
  readonly bucket?: string
}

const elements: ReadonlySet<string> = new Set(['Version', 'Id', 'Statement'])

/**
 * Throws `PolicyRefused`, whose message names the place. The size of the document bounds time and memory.
 */
export function parsePolicy(source: string | Uint8Array, options: PolicyOptions): PolicyDocument {
  checkPolicySize(source, options.size)
  const json = readJson(source)
  if (!(json instanceof Map)) {
    return refuse({ reason: 'json', place: '', problem: 'a policy must be an object' })
  }
  checkElements(json, elements, '')
  const version = parseVersion(json)
  const id = json.get('Id')
  const statements = readStatements(json, { version, options })
  return {
    kind: options.kind,
    version,
    ...(id === undefined ? {} : { id: readText(id, 'Id') }),
    statements,
  }
}

/** A document without a version is of the older one. */
function parseVersion(json: JsonObject): PolicyVersion {
  const version = json.get('Version')
  if (version === undefined) return '2008-10-17'
  if (version === '2012-10-17' || version === '2008-10-17') return version
  const problem = 'must be "2012-10-17" or "2008-10-17"'
  return refuse({ reason: 'version', place: 'Version', problem })
}

type Reading = { readonly version: PolicyVersion; readonly options: PolicyOptions }

function readStatements(json: JsonObject, reading: Reading): readonly Statement[] {
  const written = json.get('Statement')
  if (written === undefined) {
    const named = 'Statement'
    return refuse({ reason: 'missing element', place: named, problem: 'is missing', named })
  }
  const listed: readonly (readonly [JsonValue, string])[] = Array.isArray(written)
    ? written.map((each, at) => [each, `Statement[${at}]`])
    : [[written, 'Statement']]
  if (listed.length === 0) {
    return refuse({ reason: 'syntax', place: 'Statement', problem: 'must not be empty' })
  }
  const sids = new Set<string>()
  return listed.map(([value, place]) => {
    const { version, options } = reading
    const { kind, bucket } = options
    const statement = parseStatement(readObject(value, place), { kind, version, place })
    if (kind === 'resource') checkBucketStatement(statement, { version, place, bucket })
    const { sid } = statement
    if (sid !== undefined && sids.has(sid)) {
      refuse({ reason: 'duplicate sid', place: `${place}.Sid`, problem: `"${sid}" is there twice` })
    }
    if (sid !== undefined) sids.add(sid)
    return statement
  })
}
