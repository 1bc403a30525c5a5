// The policies that a user, a group or a role has, as texts with their names: what is simulated, and asked for its keys.
import type {
  GroupDocument,
  RoleDocument,
  UserDocument,
} from '../../../metadata/identity-records.ts'
import { type CompiledPolicy, compilePolicy } from '../../../protocol/policy/compile-policy.ts'
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import type { PolicyKind } from '../../../protocol/policy/policy-document.ts'
import { PolicyRefused } from '../../../protocol/policy/policy-refused.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { placeStatements, type StatementPlace } from '../../../protocol/policy/statement-places.ts'
import { writtenKeys } from '../../../protocol/policy/written-keys.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryCall } from '../../query/query-action.ts'
import { arnRule, nameKey } from '../iam-names.ts'
import { noSuchEntity } from '../no-such-entity.ts'
import { requirePrintable } from '../policies/checked-document.ts'
import type { HolderKind } from '../policies/holder.ts'
import { findPolicy, readerOf, textOfVersion } from '../policies/managed-policy.ts'
import { requireAction } from '../require-action.ts'

/** As IAM names where a policy comes from. */
export type SourceType = HolderKind | 'aws-managed' | 'user-managed' | 'resource' | 'none'

export type SourcePolicy = {
  readonly id: string
  readonly type: SourceType
  readonly compiled: CompiledPolicy
  /** Of its statements. */
  readonly places: readonly StatementPlace[]
  /** Condition keys as it writes them, by the same in lower case. */
  readonly keys: ReadonlyMap<string, string>
}

export type PolicySource = {
  readonly kind: HolderKind
  readonly arn: string
  readonly document: UserDocument | GroupDocument | RoleDocument
  readonly policies: readonly SourcePolicy[]
  readonly boundary?: readonly SourcePolicy[]
}

const sourceForm = /^arn:aws(?:-[a-z]+)*:iam::\d{12}:(user|group|role)\/[!-~]*?([\w+=,.@-]+)$/

/** Whom `PolicySourceArn` names. Throws `InvalidInput`, `AccessDenied`, `NoSuchEntity`. */
export async function requireSource(call: QueryCall, action: string): Promise<PolicySource> {
  const { tenantId } = call.identity
  const arn = call.parameters.text('PolicySourceArn', arnRule)
  const [, of, name = ''] = sourceForm.exec(arn) ?? []
  const kind = kinds.find((each) => each === of)
  if (kind === undefined) {
    throw new QueryError('InvalidInput', `${arn} is no ARN of a user, a group or a role.`)
  }
  const account = readerOf(call)
  const document = await account.get(kind, nameKey(name))
  const isThere = document !== undefined && iamArn(tenantId, kind, document) === arn
  const tags = isThere && 'tags' in document ? { tags: document.tags } : {}
  await requireAction(call, action, { arn, ...tags })
  if (!isThere) throw noSuchEntity(kind, name)
  const boundary = 'boundary' in document ? document.boundary : undefined
  return {
    ...{ kind, arn, document },
    policies: [
      ...(await policiesOf(call, kind, document)),
      ...('groups' in document ? await policiesOfGroups(call, document.groups) : []),
    ],
    ...(boundary === undefined ? {} : { boundary: await managedOf(call, [boundary]) }),
  }
}

const kinds = ['user', 'group', 'role'] as const

async function policiesOf(
  call: QueryCall,
  kind: HolderKind,
  { inline, attached }: Pick<GroupDocument, 'inline' | 'attached'>,
): Promise<readonly SourcePolicy[]> {
  const own = inline.map(({ name, document }) => source({ id: name, type: kind, text: document }))
  return [...own, ...(await managedOf(call, attached))]
}

async function policiesOfGroups(
  call: QueryCall,
  names: readonly string[],
): Promise<readonly SourcePolicy[]> {
  const account = readerOf(call)
  const found: SourcePolicy[] = []
  for (const name of names) {
    const group = await account.get('group', name)
    if (group !== undefined) found.push(...(await policiesOf(call, 'group', group)))
  }
  return found
}

async function managedOf(
  call: QueryCall,
  arns: readonly string[],
): Promise<readonly SourcePolicy[]> {
  const account = readerOf(call)
  const found: SourcePolicy[] = []
  for (const arn of arns) {
    const policy = await findPolicy(account, call.identity.tenantId, arn)
    if (policy === undefined) continue
    const text = await textOfVersion(account, policy, policy.defaultVersion)
    const type = policy.own === undefined ? 'aws-managed' : 'user-managed'
    if (text !== undefined) found.push(source({ id: policy.name, type, text }))
  }
  return found
}

type Named = Pick<SourcePolicy, 'id' | 'type'> & {
  readonly text: string
  readonly kind?: PolicyKind
}

/** Throws `InvalidInput` for what is no policy. */
export function source({ id, type, text, kind = 'identity' }: Named): SourcePolicy {
  try {
    const document = parsePolicy(text, { kind, size: policySizes.stored })
    const compiled = compilePolicy(document, id)
    return { id, type, compiled, places: placeStatements(text), keys: writtenKeys(compiled) }
  } catch (cause) {
    if (!(cause instanceof PolicyRefused)) throw cause
    const { iamMessage, message } = cause
    throw new QueryError('InvalidInput', `${id}: ${iamMessage} (${message})`)
  }
}

/** Those that come with the request, under the names that they are known by. Throws `ValidationError`, `InvalidInput`. */
export function readInputs(parameters: QueryParameters, name: string): readonly SourcePolicy[] {
  return parameters.list(name).map((text, at) => {
    requirePrintable(text, name)
    return source({ id: `${name}.${at + 1}`, type: 'none', text })
  })
}
