// Every operation by somebody to whom ACLs grant everything that they can, and by somebody to whom they grant nothing:
// made from the table of operations.
import assert from 'node:assert/strict'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { ownerId } from '../../gateway/access/owner.ts'
import type { OperationRow } from '../../protocol/s3/operation-row.ts'
import { type OperationName, operations } from '../../protocol/s3/operations-table.ts'
import type { SigningCredentials } from '../../protocol/s3/sigv4/sign-request.ts'
import { allUsers, policyDocument } from '../support/acl-client.ts'
import { askAs, type Caller } from '../support/as-caller.ts'
import { describe } from '../support/describe.ts'
import { allow, policyText, putUser, sessionOf } from '../support/identities.ts'
import { addTenant } from '../support/more-tenants.ts'
import { Place } from '../support/operation-requests.ts'
import { RunningServer } from '../support/start-server.ts'
import { exchange, signingContext, type WireRequest } from '../support/wire-request.ts'

/** What full control of a bucket and of the objects in it stands for. */
const granted: ReadonlySet<OperationName> = new Set([
  ...(['ListObjects', 'ListObjectsV2', 'ListObjectVersions', 'ListMultipartUploads'] as const),
  ...(['HeadBucket', 'GetBucketAcl', 'PutBucketAcl', 'GetBucketZip', 'HeadBucketZip'] as const),
  ...(['GetObject', 'HeadObject', 'GetObjectAcl', 'PutObjectAcl', 'GetZip', 'HeadZip'] as const),
  ...(['PutObject', 'PostObject', 'CopyObject', 'UploadPart', 'UploadPartCopy'] as const),
  ...(['CreateMultipartUpload', 'CompleteMultipartUpload'] as const),
])
const ofBuckets = (Object.keys(operations) as OperationName[]).filter((name) => {
  const row: OperationRow = operations[name]
  return row.scope !== 'service' && row.makesBucket !== true
})
const refusals = ['AccessDenied', 'MethodNotAllowed']
const writer =
  '<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>'

describe('every operation by ACL', (test) => {
  let server: RunningServer
  let other: SigningCredentials
  let otherId: string
  let places = 0
  const owner = ownerId(rootTenantId)
  test.before(async () => {
    server = await RunningServer.start({ blockPublicAccess: false })
    const tenant = await addTenant(server, 'other')
    other = tenant.credentials
    otherId = ownerId(tenant.tenantId)
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const place = async (grantee: string, permission: string) => {
    places += 1
    const at = await new Place(server.port, `by-acl-${places}`).make()
    // Its policy denies nothing that is asked for here.
    await at.sure({ method: 'PUT', target: `/${at.bucket}?ownershipControls`, body: writer })
    const body = policyDocument(owner, [
      [owner, 'FULL_CONTROL'],
      [grantee, permission],
    ])
    for (const target of [`/${at.bucket}?acl`, `${at.at('k')}?acl`, `${at.at('kept')}?acl`]) {
      await at.sure({ method: 'PUT', target, body })
    }
    return at
  }
  const asked = async (caller: Caller, name: OperationName, isGranted: boolean, at: Place) => {
    const outcome = await askAs(caller, name, at)
    if (isGranted && granted.has(name)) assert.equal(outcome, 'allowed', name)
    else assert.ok(refusals.includes(outcome), `${name}: ${outcome}`)
  }

  test('is allowed to the account that has full control, as far as ACLs go', async () => {
    for (const name of ofBuckets) {
      await asked(other, name, true, await place(otherId, 'FULL_CONTROL'))
    }
  })

  test('is allowed to everybody when everybody has full control', async () => {
    for (const name of ofBuckets) {
      await asked('anonymous', name, true, await place(allUsers, 'FULL_CONTROL'))
    }
  })

  test('is refused to whom nothing is granted', async () => {
    for (const name of ofBuckets) {
      await asked('anonymous', name, false, await place(otherId, 'FULL_CONTROL'))
      await asked(other, name, false, await place(owner, 'READ'))
    }
  })

  test('is allowed to users of an account that was granted it as far as their own policies go', async () => {
    const context = signingContext({ credentials: other })
    const ask = async (request: WireRequest) => {
      const { status } = await exchange(server.port, { ...request, context })
      assert.equal(status, 200, request.target)
    }
    const headers = { 'x-amz-object-ownership': 'ObjectWriter' }
    await ask({ method: 'PUT', target: '/theirs', headers })
    const grants = { 'x-amz-grant-read': `id="${owner}"`, 'x-amz-grant-write': `id="${owner}"` }
    await ask({ method: 'PUT', target: '/theirs?acl', headers: grants })
    await ask({ method: 'PUT', target: '/theirs/k', body: 'k', headers: grants })
    await ask({
      method: 'PUT',
      target: '/theirs/open',
      body: '',
      headers: { 'x-amz-acl': 'public-read' },
    })
    const reads = allow(['s3:GetObject', 's3:ListBucket'], ['arn:aws:s3:::theirs*'])
    const boundary = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    const everything = [{ name: 'p', document: policyText(allow('*', '*')) }]
    const lone = await putUser(server, 'lone')
    const reader = await putUser(server, 'reader', {
      inline: [{ name: 'p', document: policyText(reads) }],
    })
    const bounded = await putUser(server, 'bounded', { inline: everything, boundary })
    const mighty = await putUser(server, 'mighty', { inline: everything })
    const of = { kind: 'user', name: 'mighty' } as const
    const narrowed = await sessionOf(server, of, {
      of: 'federated user',
      policies: [policyText(reads)],
    })
    for (const [caller, isReading, isWriting] of [
      [lone, false, false],
      [reader, true, false],
      [bounded, true, false],
      [narrowed, true, false],
      [mighty, true, true],
    ] as const) {
      const asHim = { context: signingContext({ credentials: caller }) }
      const answers: boolean[] = []
      for (const request of [
        { target: '/theirs/k' },
        { target: '/theirs/open' },
        { target: '/theirs' },
        { method: 'PUT', target: '/theirs/new', body: 'x' },
      ]) {
        const { status } = await exchange(server.port, { ...request, ...asHim })
        answers.push(status === 200)
      }
      assert.deepEqual(answers, [isReading, isReading, isReading, isWriting])
    }
    // What he has written is his account's, and not the bucket owner's to read.
    const { status } = await exchange(server.port, { target: '/theirs/new', context })
    assert.equal(status, 403)
  })
})
