// Who a statement is about. Wildcards have no place here, but for the one that stands for everyone.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import { isJsonObject, readTexts, refuse } from './element-reader.ts'
import type { JsonValue } from './json-reader.ts'
import type { PrincipalName } from './policy-document.ts'

/** Undefined: it is none. */
type Parse = (text: string) => PrincipalName | undefined

const accountForm = /^(?:\d{12}|arn:aws(?:-[a-z]+)*:iam::(\d{12}):root)$/
const arnForm =
  /^arn:aws(?:-[a-z]+)*:(?:iam::(\d{12}):(?:user|role)|sts::(\d{12}):(?:assumed-role\/[\w+=,.@-]+|federated-user))\/[\w+=,.@/-]+$/
const canonicalForm = /^[0-9a-f]{64}$/
const providerForm =
  /^(?:arn:aws(?:-[a-z]+)*:iam::\d{12}:(?:saml|oidc)-provider\/[\w+=,.@/:-]+|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[\w./-]+)?)$/
const serviceForm = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/

const everyone: PrincipalName = { is: 'everyone' }

const parsers: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  [
    'AWS',
    (text) => {
      if (text === '*') return everyone
      const account = accountForm.exec(text)
      if (account !== null) return { is: 'account', accountId: account[1] ?? text }
      const arn = arnForm.exec(text)
      const accountId = arn?.[1] ?? arn?.[2]
      return accountId === undefined ? undefined : { is: 'arn', arn: text, accountId }
    },
  ],
  [
    'CanonicalUser',
    (text) => (canonicalForm.test(text) ? { is: 'canonical user', id: text } : undefined),
  ],
  [
    'Federated',
    (text) => (providerForm.test(text) ? { is: 'identity provider', provider: text } : undefined),
  ],
  ['Service', (text) => (serviceForm.test(text) ? { is: 'service', service: text } : undefined)],
])

/** Throws `PolicyRefused`. */
export function parsePrincipals(value: JsonValue, place: string): readonly PrincipalName[] {
  if (value === '*') return [everyone]
  if (!isJsonObject(value)) {
    const problem = 'must be "*" or an object, as in {"AWS": "123456789012"}'
    return refuse({ reason: 'principal', place, problem })
  }
  if (value.size === 0) return refuse({ reason: 'principal', place, problem: 'names nobody' })
  return [...value].flatMap(([type, names]) => {
    const where = `${place}.${type}`
    const parse = parsers.get(type)
    if (parse === undefined) {
      const problem = 'is no type of principals'
      return refuse({ reason: 'principal', place: where, problem, named: type })
    }
    return readTexts(names, where, 'principal').map((text) => {
      const name = parse(text)
      if (name !== undefined) return name
      const problem = `${JSON.stringify(text)} is no principal of this type`
      return refuse({ reason: 'principal', place: where, problem, named: text })
    })
  })
}
