// What holds of all that an account has, whatever has been done to it: nobody holds a policy that is not there, and what stands
// with a policy is what stands with its holders.
import assert from 'node:assert'
import type { IdentityDocuments, IdentityKind } from '../../../../metadata/identity-records.ts'
import type { IdentityStore } from '../../../../metadata/identity-store.ts'
import { managedPolicies } from '../../../../protocol/policy/managed-policies.ts'
import { own, tenantId } from '../iam-server.ts'

async function all<Kind extends IdentityKind>(identities: IdentityStore, kind: Kind) {
  const { entries, isTruncated } = await identities.list(tenantId, kind, { limit: 10_000 })
  assert.equal(isTruncated, false)
  return entries.map(({ name, document }) => ({
    name,
    document: document as IdentityDocuments[Kind],
  }))
}

export async function assertSound(identities: IdentityStore): Promise<void> {
  const policies = await all(identities, 'policy')
  const arns = new Set([
    ...managedPolicies.keys(),
    ...policies.map(({ document: { path, name } }) => own('policy', `${path.slice(1)}${name}`)),
  ])
  const held: string[] = []
  for (const kind of ['user', 'group', 'role'] as const) {
    for (const { name, document } of await all(identities, kind)) {
      assert.equal(new Set(document.attached).size, document.attached.length)
      const boundary = 'boundary' in document ? document.boundary : undefined
      for (const arn of [...document.attached, ...(boundary === undefined ? [] : [boundary])]) {
        assert.ok(arns.has(arn), `${kind} ${name} holds ${arn}, which is not there`)
      }
      held.push(...document.attached.map((arn) => `${arn} policy ${kind} ${document.name}`))
      if (boundary !== undefined) held.push(`${boundary} boundary ${kind} ${document.name}`)
    }
  }
  const noted = (await all(identities, 'attachment')).map(
    ({ document: { policyArn, as, of, name } }) => `${policyArn} ${as} ${of} ${name}`,
  )
  assert.deepStrictEqual(noted.toSorted(), held.toSorted())
  const versions = (await all(identities, 'policyVersion')).map(({ name }) => name)
  const known = policies.flatMap(({ name, document }) =>
    document.versions.map(({ number }) => `${name}/v${number}`),
  )
  assert.deepStrictEqual(versions.toSorted(), known.toSorted())
}
