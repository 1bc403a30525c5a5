// Whether a bucket policy makes a bucket public, as blocked public access understands it: it does unless
// whoever is allowed something is fixed, by name or by a condition.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
import { lowerAscii } from './ascii-case.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { parseIpRange } from './ip-range.ts'
import type { BaseOperator, Condition, PrincipalName, Statement } from './policy-document.ts'

/** Whether at least one statement allows something to whomever it may be. */
export function isPublic({ document }: CompiledPolicy): boolean {
  return document.statements.some(isPublicStatement)
}

function isPublicStatement({ effect, principals, conditions }: Statement): boolean {
  if (effect === 'Deny' || principals === undefined) return false
  const isOpen = principals.but || principals.values.some(isAnybody)
  return isOpen && !conditions.some(fixes)
}

/** A provider outside of any account vouches for everyone who has an account with it. */
function isAnybody(name: PrincipalName): boolean {
  if (name.is === 'everyone') return true
  return name.is === 'identity provider' && !name.provider.startsWith('arn:')
}

/** Operators that hold only for what they name. */
const naming: ReadonlySet<BaseOperator> = new Set<BaseOperator>([
  'StringEquals',
  'StringEqualsIgnoreCase',
  'StringLike',
  'ArnEquals',
  'ArnLike',
])

function fixes(condition: Condition): boolean {
  const { operator, over, ifExists, values } = condition
  // These hold of requests that do not have the key at all.
  if (ifExists || over === 'all') return false
  const key = lowerAscii(condition.key)
  if (key === 'aws:sourceip') return operator === 'IpAddress' && values.every(isNarrowRange)
  if (!naming.has(operator)) return false
  if (key === 's3:dataaccesspointarn') return values.every(isAccessPointOfAccount)
  if (key === 'aws:userid') return values.every((value) => isFixed(value) && !isNobody(value))
  return fixingKeys.has(key) && values.every(isFixed)
}

/**
 * Keys that whoever is not meant does not have, or has with a value that he cannot choose. AWS counts the key
 * of KMS among them, which a request names in a header: here none guards what is stored, and anybody may send
 * the name.
 */
const fixingKeys: ReadonlySet<string> = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  's3:dataaccesspointaccount',
])

/** Neither wildcards nor variables, also where they would be taken literally. */
function isFixed(value: string): boolean {
  return value !== '' && !/[*?]|\$\{/.test(value)
}

/** What everyone who has not signed has as `aws:userid`. */
function isNobody(value: string): boolean {
  return lowerAscii(value) === 'anonymous'
}

/** Of its name any part may be left open. */
function isAccessPointOfAccount(value: string): boolean {
  return /^arn:aws[a-z-]*:s3:[a-z0-9-]*:\d{12}:accesspoint\//.test(value) && !value.includes('${')
}

/** What is broader, AWS takes for everyone. */
const prefixBitsMin: ReadonlyMap<number, number> = new Map([
  [4, 8],
  [16, 32],
])

function isNarrowRange(value: string): boolean {
  const range = parseIpRange(value)
  return range !== undefined && range.bits >= (prefixBitsMin.get(range.address.length) ?? 0)
}

export type BucketOwner = { readonly accountId: string; readonly canonicalUserId?: string }

/**
 * Whether a statement allows something to anybody outside of the owner's account, conditions aside. Services
 * do not count. While a policy is public, RestrictPublicBuckets takes from all of these what it allows.
 */
export function grantsToOtherAccounts({ document }: CompiledPolicy, owner: BucketOwner): boolean {
  return document.statements.some(
    ({ effect, principals }) =>
      effect === 'Allow' &&
      principals !== undefined &&
      (principals.but || principals.values.some((name) => isForeign(name, owner))),
  )
}

function isForeign(name: PrincipalName, owner: BucketOwner): boolean {
  switch (name.is) {
    case 'service':
      return false
    case 'account':
    case 'arn':
      return name.accountId !== owner.accountId
    case 'canonical user':
      return name.id !== owner.canonicalUserId
    case 'everyone':
    case 'identity provider':
      return true
    default:
      return name satisfies never
  }
}
