// Names of actions in policies: a service, a colon, and a name in which wildcards may stand.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
import { lowerAscii } from './ascii-case.ts'
import { refuse } from './element-reader.ts'
import type { PolicyKind } from './policy-document.ts'

const form = /^([A-Za-z0-9][A-Za-z0-9-]*):([A-Za-z0-9*?_-]+)$/

/** The only service whose actions a policy of that kind can be about. */
const services: Readonly<Record<PolicyKind, string | undefined>> = {
  identity: undefined,
  resource: 's3',
  trust: 'sts',
}

/** Throws `PolicyRefused`. */
export function checkAction(
  action: string,
  { kind, place }: { readonly kind: PolicyKind; readonly place: string },
): void {
  if (action === '*') return
  const service = form.exec(action)?.[1]
  const named = JSON.stringify(action)
  if (service === undefined) {
    const problem = `${named} is neither "*" nor a service and an action, as in "s3:Get*"`
    refuse({ reason: 'action', place, problem })
  } else if ((services[kind] ?? lowerAscii(service)) !== lowerAscii(service)) {
    refuse({ reason: 'action', place, problem: `${named} is no action of ${services[kind]}` })
  }
}
