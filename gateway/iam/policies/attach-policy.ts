// AttachUserPolicy, DetachUserPolicy and ListAttachedUserPolicies; and so of groups and roles.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
import { QueryError } from '../../../protocol/query/query-error.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { nameKey } from '../iam-names.ts'
import { pageOf, readPage, renderPage } from '../iam-page.ts'
import { limitExceeded } from '../no-such-entity.ts'
import { attachmentKey } from './attachments.ts'
import { policyPathRule } from './create-policy.ts'
import { boundaryKey, changeHolder, type HolderKind, requireHolder, titles } from './holder.ts'
import { findPolicy, noSuchPolicy, readPolicyArn } from './managed-policy.ts'

const attachedMax = 10

const quotas = {
  user: 'PoliciesPerUser',
  group: 'PoliciesPerGroup',
  role: 'PoliciesPerRole',
} as const

/** To have it already is to have it. */
export function attachPolicy(kind: HolderKind): QueryAction {
  return async (call) => {
    const policyArn = readPolicyArn(call.parameters)
    await changeHolder(call, askedOf(kind, 'Attach', policyArn), async (holder, account) => {
      if ((await findPolicy(account, call.identity.tenantId, policyArn)) === undefined) {
        throw notAttachable(policyArn)
      }
      if (holder.attached.includes(policyArn)) return holder
      if (holder.attached.length >= attachedMax) throw limitExceeded(quotas[kind], attachedMax)
      const attachment = { policyArn, of: kind, as: 'policy', name: holder.name } as const
      account.put('attachment', attachmentKey(attachment), attachment)
      return { ...holder, attached: [...holder.attached, policyArn] }
    })
    return undefined
  }
}

export function detachPolicy(kind: HolderKind): QueryAction {
  return async (call) => {
    const policyArn = readPolicyArn(call.parameters)
    await changeHolder(call, askedOf(kind, 'Detach', policyArn), async (holder, account) => {
      if (!holder.attached.includes(policyArn)) throw noSuchPolicy(policyArn)
      const { name } = holder
      const attachment = { policyArn, of: kind, as: 'policy', name } as const
      account.remove('attachment', attachmentKey(attachment))
      return { ...holder, attached: holder.attached.filter((arn) => arn !== policyArn) }
    })
    return undefined
  }
}

function askedOf(kind: HolderKind, verb: 'Attach' | 'Detach', policyArn: string) {
  return {
    ...{ kind, action: `iam:${verb}${titles[kind]}Policy` },
    keys: (holder: Parameters<typeof boundaryKey>[0]) => ({
      ...boundaryKey(holder),
      'iam:policyarn': policyArn,
    }),
  }
}

/** In the words of those who would have it attached, or as a boundary. */
export function notAttachable(policyArn: string): QueryError {
  return new QueryError('NoSuchEntity', `Policy ${policyArn} does not exist or is not attachable.`)
}

export function listAttachedPolicies(kind: HolderKind): QueryAction {
  return async (call) => {
    const prefix = call.parameters.optional('PathPrefix', policyPathRule) ?? '/'
    const asked = readPage(call.parameters)
    const action = `iam:ListAttached${titles[kind]}Policies`
    const { attached } = await requireHolder(call, { kind, action })
    const ordered = attached
      .map((arn) => ({ arn, ...placeOf(arn) }))
      .filter(({ path }) => path.startsWith(prefix))
      .sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1))
    return renderPage('AttachedPolicies', pageOf(ordered, orderKey, asked), renderAttached)
  }
}

function orderKey({ arn, name }: { readonly arn: string; readonly name: string }): string {
  return `${nameKey(name)} ${arn}`
}

/** `arn:aws:iam::123456789012:policy/team/name` */
function placeOf(arn: string): { readonly path: string; readonly name: string } {
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  return { name, path: arn.slice(arn.indexOf('/'), arn.length - name.length) }
}

export function renderAttached({ arn }: { readonly arn: string }): string {
  return element('PolicyName', placeOf(arn).name) + element('PolicyArn', arn)
}
