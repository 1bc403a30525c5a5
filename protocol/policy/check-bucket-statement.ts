// What S3 asks of a statement of a bucket policy beyond its form: actions that exist, each with a resource
// that it can be done to, resources of the bucket itself, and conditions that some action can meet.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html
import { lowerAscii } from './ascii-case.ts'
import { refuse } from './element-reader.ts'
import { type PatternPart, parsePattern, syntaxOf } from './pattern-parts.ts'
import type { Listed, PolicyVersion, Statement } from './policy-document.ts'
import { bucketActions, keysOfActions, objectActions, type S3ResourceType } from './s3-actions.ts'
import { compileWildcards, matchesBelow, matchesWildcards } from './wildcard-pattern.ts'

export type BucketStatementPlace = {
  readonly version: PolicyVersion
  readonly place: string
  /** Absent: of any bucket. */
  readonly bucket: string | undefined
}

const ofObjects = objectActions.map(lowerAscii)
const ofBuckets = bucketActions.map(lowerAscii)

/** Throws `PolicyRefused`. */
export function checkBucketStatement(statement: Statement, at: BucketStatementPlace): void {
  const { actions, resources, conditions } = statement
  const { place } = at
  const types = typesOfResources(resources, at)
  const covered = new Set<string>()
  for (const action of actions.values) {
    const onObjects = matching(action, ofObjects)
    const onBuckets = matching(action, ofBuckets)
    const where = `${place}.${actions.but ? 'NotAction' : 'Action'}`
    if (onObjects.length + onBuckets.length === 0) {
      refuse({ reason: 'action', place: where, problem: `"${action}" is no action on buckets` })
    }
    const applies =
      (onObjects.length > 0 && types.has('object')) || (onBuckets.length > 0 && types.has('bucket'))
    if (!applies && !actions.but) {
      const problem = `"${action}" can be done to none of the resources`
      refuse({ reason: 'action without resource', place: where, problem })
    }
    for (const name of [...onObjects, ...onBuckets]) covered.add(name)
  }
  for (const { key } of conditions) {
    const lower = lowerAscii(key)
    const actionsWithKey = keysOfActions.get(lower.split('/', 1)[0] ?? lower)
    if (actionsWithKey === undefined) continue
    if (actionsWithKey.some((name) => covered.has(lowerAscii(name)) !== actions.but)) continue
    const problem = `no request of the statement's actions has ${key}`
    refuse({ reason: 'condition without effect', place: `${place}.Condition`, problem })
  }
}

/** Of `names`, in lower case. */
function matching(action: string, names: readonly string[]): readonly string[] {
  const syntax = { wildcards: true, variables: false }
  const pattern = compileWildcards(parsePattern(lowerAscii(action), syntax))
  return names.filter((name) => matchesWildcards(pattern, name))
}

const arnOfS3 = /^arn:aws:s3:::(.*)$/s

/** Of what `NotResource` leaves, both types. Throws `PolicyRefused` for resources elsewhere. */
function typesOfResources(
  resources: Listed<string> | undefined,
  { version, place, bucket }: BucketStatementPlace,
): ReadonlySet<S3ResourceType> {
  const types = new Set<S3ResourceType>(resources?.but ? ['bucket', 'object'] : [])
  for (const arn of resources?.values ?? []) {
    const name = arn === '*' ? '*' : arnOfS3.exec(arn)?.[1]
    const parts = name === undefined ? undefined : parsePattern(name, syntaxOf(version, true))
    const own = parts === undefined ? [] : typesOfResource(parts, bucket)
    if (own.length === 0) {
      const problem = `"${arn}" is neither the bucket nor anything in it`
      const element = resources?.but ? 'NotResource' : 'Resource'
      refuse({ reason: 'resource', place: `${place}.${element}`, problem, named: arn })
    }
    for (const type of own) types.add(type)
  }
  return types
}

const any: PatternPart = { is: 'any' }

/** Variables may stand for anything. */
function typesOfResource(
  parts: readonly PatternPart[],
  bucket: string | undefined,
): readonly S3ResourceType[] {
  const open = parts.map((part) => (part.is === 'variable' ? any : part))
  const pattern = compileWildcards(open)
  const hasSlash = open.some((part) => part.is === 'text' && part.text.includes('/'))
  const mayBeObject = hasSlash || open.some(({ is }) => is === 'any')
  const isThere = bucket === undefined || matchesWildcards(pattern, bucket)
  const isIn = bucket === undefined || matchesBelow(pattern, `${bucket}/`) !== 'none'
  const types: S3ResourceType[] = []
  if (!hasSlash && isThere) types.push('bucket')
  if (mayBeObject && isIn) types.push('object')
  return types
}
