// Every operation by every kind of caller: made from the table of operations, so that one without a request at
// `operation-requests.ts` does not compile, and one whose needs are not asked fails here. By ACL: `acl-matrix.test.ts`.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { drawId } from '../../gateway/access/keys/session-token.ts'
import { accountId } from '../../gateway/access/owner.ts'
import type { Need, OperationRow } from '../../protocol/s3/operation-row.ts'
import { type OperationName, operations } from '../../protocol/s3/operations-table.ts'
import { askAs, type Caller } from '../support/as-caller.ts'
import { describe } from '../support/describe.ts'
import {
  changeIdentity,
  deny,
  policyText,
  putIdentities,
  putUser,
  roleEntry,
  type Statement,
  sessionOf,
} from '../support/identities.ts'
import { addTenant } from '../support/more-tenants.ts'
import { Place } from '../support/operation-requests.ts'
import { RunningServer, serverKey, serverRegion } from '../support/start-server.ts'

const names = Object.keys(operations) as readonly OperationName[]
const denied = 'AccessDenied'
/** The account that owns the bucket alone, whatever its policy says. */
const ownAccountOnly: ReadonlySet<OperationName> = new Set([
  ...(['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy'] as const),
  'GetBucketPolicyStatus',
])

const rowOf = (name: OperationName): OperationRow => operations[name]
const isOfAccount = (name: OperationName) =>
  rowOf(name).scope === 'service' || rowOf(name).makesBucket === true

/** Those that the request of the operation asks for. */
function needsOf(name: OperationName): readonly Need[] {
  return rowOf(name).needs.filter(
    ({ whenSent, whenTagged }) => whenSent === undefined && whenTagged !== true,
  )
}

function resourceOf(name: OperationName, need: Need, bucket: string): string {
  const row = rowOf(name)
  if (row.scope === 'service') return '*'
  if (row.makesBucket === true) return `arn:aws:s3:::${bucket}-new`
  const isOfObject =
    need.of === 'keys' || need.of === 'source' || row.scope === 'object' || name === 'PostObject'
  return isOfObject && need.of !== 'bucket' ? `arn:aws:s3:::${bucket}/*` : `arn:aws:s3:::${bucket}`
}

/** No more than the operation needs. */
function exactly(name: OperationName, bucket: string, without?: Need): readonly Statement[] {
  return needsOf(name)
    .filter((need) => need !== without)
    .map((need) => ({
      ...{ Effect: 'Allow', Action: need.action },
      Resource: resourceOf(name, need, bucket),
    }))
}

/** Something that no operation needs. */
const nothing: Statement = { Effect: 'Allow', Action: 's3:GetBucketWebsite', Resource: '*' }

describe('the authorization matrix', (test) => {
  let server: RunningServer
  let user: Caller
  let session: Caller
  let other: Caller
  let disabled: Caller
  let places = 0
  test.before(async () => {
    server = await RunningServer.start()
    user = await putUser(server, 'ann')
    disabled = await putUser(server, 'off')
    const { accessKeyId } = disabled
    await changeIdentity(
      server,
      { kind: 'user', name: 'off' },
      {
        accessKeys: [{ accessKeyId, status: 'inactive', createdMs: 1 }],
      },
    )
    other = (await addTenant(server, 'other')).credentials
    await putIdentities(server, [roleEntry('Role')])
    session = await sessionOf(server, { kind: 'role', name: 'Role' })
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  /** Its public access is not blocked. */
  const place = async () => {
    places += 1
    const made = await new Place(server.port, `matrix-${places}`).make()
    await restrict(made, false)
    return made
  }
  const restrict = (at: Place, value: boolean) =>
    at.sure({
      ...{ method: 'PUT', target: `/${at.bucket}?publicAccessBlock` },
      body: `<PublicAccessBlockConfiguration><RestrictPublicBuckets>${value}</RestrictPublicBuckets></PublicAccessBlockConfiguration>`,
    })
  const ann = { kind: 'user', name: 'ann' } as const
  const role = { kind: 'role', name: 'role' } as const
  const give = (of: typeof ann | typeof role, statements: readonly Statement[]) =>
    changeIdentity(server, of, { inline: [{ name: 'p', document: policyText(...statements) }] })
  /** What was taken away counts within a second; what is asked anew with another key, at once. */
  const freshUser = async (statements: readonly Statement[]) => {
    const name = `u${drawId('', randomBytes, 8)}`
    const inline = [{ name: 'p', document: policyText(...statements) }]
    return { name, caller: await putUser(server, name, { inline }) }
  }
  const putPolicy = async (at: Place, principal: unknown, statements: readonly Statement[]) => {
    const body = policyText(...statements.map((each) => ({ ...each, Principal: principal })))
    await at.sure({ method: 'PUT', target: `/${at.bucket}?policy`, body })
  }
  const allowedTo = async (caller: Caller, name: OperationName, at: Place, told: string) =>
    assert.equal(await askAs(caller, name, at), 'allowed', `${name} ${told}`)
  const refusedTo = async (caller: Caller, name: OperationName, at: Place, told: string) =>
    assert.equal(await askAs(caller, name, at), denied, `${name} ${told}`)

  test('has operations and needs', () => {
    assert.ok(names.length > 40)
    for (const name of names) assert.ok(needsOf(name).length > 0, name)
  })

  test('who has not proven who he is may do nothing', async () => {
    const at = await place()
    const unknown = { ...serverKey, accessKeyId: 'AKIANOBODYNOBODY', region: serverRegion }
    const forged = { ...serverKey, secretAccessKey: 'wrong', region: serverRegion }
    for (const name of names) {
      await refusedTo('anonymous', name, at, 'anonymously')
      const refusals = [
        [unknown, 'InvalidAccessKeyId'],
        [forged, 'SignatureDoesNotMatch'],
        [disabled, 'InvalidAccessKeyId'],
      ] as const
      for (const [caller, code] of refusals) {
        const outcome = await askAs(caller, name, at)
        assert.ok([code, denied].includes(outcome) && outcome !== 'allowed', `${name} ${outcome}`)
        if (rowOf(name).method !== 'HEAD') assert.equal(outcome, code, name)
      }
    }
  })

  test('another tenant, a user and a session without a policy may do nothing here', async () => {
    for (const name of names) {
      // What a refused request has prepared is used up by none.
      const at = await place()
      if (!isOfAccount(name)) await refusedTo(other, name, at, 'by another tenant')
      await refusedTo(user, name, at, 'by a user without a policy')
      await refusedTo(session, name, at, 'by a session without a policy')
    }
  })

  test('a user with just what an operation needs may do it, and not without any of it', async () => {
    for (const name of names) {
      const at = await place()
      for (const need of needsOf(name)) {
        const { caller } = await freshUser([...exactly(name, at.bucket, need), nothing])
        await refusedTo(caller, name, at, `without ${need.action}`)
      }
      const [first] = needsOf(name)
      const whole = exactly(name, at.bucket)
      const refusing = deny(first?.action ?? '', '*')
      await refusedTo((await freshUser([...whole, refusing])).caller, name, at, 'with a deny')
      await allowedTo((await freshUser(whole)).caller, name, at, 'with just what it needs')
    }
  })

  test('a session of a role may do what role and session policy both allow', async () => {
    for (const name of names) {
      const at = await place()
      const whole = exactly(name, at.bucket)
      await give(role, whole)
      const narrowed = await sessionOf(server, role, { policies: [policyText(nothing)] })
      await refusedTo(narrowed, name, at, 'with a session policy of nothing')
      const policies = [policyText(...whole, { Effect: 'Allow', Action: 'iam:*', Resource: '*' })]
      const same = await sessionOf(server, role, { policies })
      await allowedTo(same, name, at, 'with a session policy of the same')
    }
  })

  test('a bucket policy lets the user that it names, and denies him what he has otherwise', async () => {
    for (const name of names.filter((each) => !isOfAccount(each))) {
      const at = await place()
      const whole = exactly(name, at.bucket)
      const { name: named, caller } = await freshUser([nothing])
      const arn = `arn:aws:iam::${accountId(rootTenantId)}:user/${named}`
      await putPolicy(at, { AWS: arn }, whole)
      await allowedTo(caller, name, at, 'by the bucket policy that names him')
      if (ownAccountOnly.has(name) || name === 'DeleteBucket') continue
      const mighty = (await freshUser([{ Effect: 'Allow', Action: '*', Resource: '*' }])).caller
      await putPolicy(
        at,
        '*',
        whole.map((each) => ({ ...each, Effect: 'Deny' })),
      )
      await refusedTo(mighty, name, at, 'that the bucket policy denies')
    }
  })

  test('a public bucket policy lets everybody, unless public access is restricted', async () => {
    for (const name of names.filter((each) => !isOfAccount(each))) {
      for (const caller of ['anonymous', other] as const) {
        const at = await place()
        await putPolicy(at, '*', exactly(name, at.bucket))
        if (ownAccountOnly.has(name)) {
          const outcome = await askAs(caller, name, at)
          assert.ok(['MethodNotAllowed', denied].includes(outcome), `${name} ${outcome}`)
          continue
        }
        await restrict(at, true)
        await refusedTo(caller, name, at, 'with public access restricted')
        await restrict(at, false)
        await allowedTo(caller, name, at, 'by a public bucket policy')
      }
    }
  })
})
