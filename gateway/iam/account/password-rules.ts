// Whether a password will do, by the account's password policy or the one that holds without any.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
import type { PasswordPolicy, UserDocument } from '../../../metadata/identity-records.ts'
import { constraintError, QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import type { PasswordHasher } from '../../access/password-hasher.ts'

const passwordForm = /^[\t\n\r\u0020-\u00ff]{1,128}$/

/** Throws `ValidationError`, which does not repeat it as others do. */
export function readPassword(parameters: QueryParameters, name: string): string {
  const password = parameters.raw(name)
  if (password !== undefined && passwordForm.test(password)) return password
  const shown = password === undefined ? undefined : '***'
  const constraint =
    password === undefined
      ? 'Member must not be null'
      : 'Member must have 1 to 128 characters of Latin-1, and no control characters'
  throw constraintError(shown, name, constraint)
}

const symbol = /[!@#$%^&*()_+\-=[\]{}|']/
const number = /[0-9]/
const uppercase = /[A-Z]/
const lowercase = /[a-z]/

const defaultLength = 8
const defaultKinds = 3

/** Throws `PasswordPolicyViolation`. */
export function requireStrong(password: string, policy: PasswordPolicy | undefined): void {
  if (policy === undefined) requireDefault(password)
  else requirePolicy(password, policy)
}

function requireDefault(password: string): void {
  requireLength(password, defaultLength)
  const kinds = [symbol, number, uppercase, lowercase].filter((kind) => kind.test(password))
  if (kinds.length >= defaultKinds) return
  throw violation(
    'Password should have at least three of these: uppercase letters, lowercase letters, numbers, symbols',
  )
}

function requirePolicy(password: string, policy: PasswordPolicy): void {
  requireLength(password, policy.minimumLength)
  if (policy.requireUppercase && !uppercase.test(password)) {
    throw violation('Password should have at least one uppercase letter')
  }
  if (policy.requireLowercase && !lowercase.test(password)) {
    throw violation('Password should have at least one lowercase letter')
  }
  if (policy.requireNumbers && !number.test(password)) {
    throw violation('Password should have at least one number')
  }
  if (policy.requireSymbols && !symbol.test(password)) {
    throw violation('Password should have at least one symbol')
  }
}

function requireLength(password: string, least: number): void {
  if (password.length >= least) return
  throw violation(`Password should have a minimum length of ${least}`)
}

type Login = NonNullable<UserDocument['login']>

/** Throws `PasswordPolicyViolation` for one of the last that the user has had. */
export async function requireNew(
  passwords: PasswordHasher,
  password: string,
  { login, policy }: { readonly login: Login; readonly policy: PasswordPolicy | undefined },
): Promise<void> {
  const last = policy?.reusePrevention ?? 0
  for (const encoded of [login.hash, ...(login.earlier ?? [])].slice(0, last)) {
    if (!(await passwords.matches(password, encoded))) continue
    throw violation(`Password should not be one of the last ${last} passwords`)
  }
}

/** What is kept of the passwords before, for a new one. */
export function earlierHashes(login: Login, policy: PasswordPolicy | undefined): readonly string[] {
  const kept = Math.max(0, (policy?.reusePrevention ?? 0) - 1)
  return [login.hash, ...(login.earlier ?? [])].slice(0, kept)
}

function violation(message: string): QueryError {
  return new QueryError('PasswordPolicyViolation', message)
}
