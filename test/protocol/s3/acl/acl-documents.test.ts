// Lists as headers and documents: what was granted is what is read, and what is shown is read back.
import assert from 'node:assert/strict'
import {
  readAccessControlPolicy,
  renderAccessControlPolicy,
} from '../../../../protocol/s3/acl/access-control-policy.ts'
import {
  aclGroups,
  aclPermissions,
  type Grant,
  groupUris,
  isOwnersAlone,
  isPublicGrant,
  toAccount,
  toGroup,
} from '../../../../protocol/s3/acl/acl.ts'
import { parseAclHeaders } from '../../../../protocol/s3/acl/acl-headers.ts'
import { grantsOfCanned, isCannedAcl } from '../../../../protocol/s3/acl/canned-acl.ts'
import { readOwnershipControls } from '../../../../protocol/s3/acl/object-ownership.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { describe } from '../../../support/describe.ts'

const owner = 'a'.repeat(64)
const everyGrant: readonly Grant[] = aclPermissions.flatMap((permission) => [
  toAccount(owner, permission),
  ...aclGroups.map((group) => toGroup(group, permission)),
])
function codeOf(act: () => unknown): string {
  try {
    act()
    return 'taken'
  } catch (cause) {
    assert.ok(cause instanceof S3Error, String(cause))
    return cause.code
  }
}

describe('documents of ACLs', (test) => {
  test('are read back as they are written, with and without names', () => {
    for (const name of [undefined, 'A <&> B']) {
      const shown = name === undefined ? { id: owner } : { id: owner, displayName: name }
      const xml = renderAccessControlPolicy(shown, everyGrant, () => name)
      const read = readAccessControlPolicy(Buffer.from(xml))
      assert.deepEqual(read, { owner, grants: everyGrant })
    }
  })

  test('tell types by the attribute, whatever prefix its namespace has', () => {
    const xml = renderAccessControlPolicy({ id: owner }, [toGroup('AllUsers', 'READ')], () => '')
    const renamed = xml.replaceAll('xsi', 'i')
    assert.deepEqual(readAccessControlPolicy(Buffer.from(renamed)).grants, [
      toGroup('AllUsers', 'READ'),
    ])
    const encoded = xml.replace('xsi:type="Group"', 'xsi:type="&#71;roup"')
    assert.equal(
      codeOf(() => readAccessControlPolicy(Buffer.from(encoded))),
      'MalformedACLError',
    )
    const without = xml.replace(' xsi:type="Group"', '')
    assert.equal(
      codeOf(() => readAccessControlPolicy(Buffer.from(without))),
      'MalformedACLError',
    )
  })

  test('of ownership have one rule of one mode', () => {
    const rule = (mode: string) => `<Rule><ObjectOwnership>${mode}</ObjectOwnership></Rule>`
    const read = (inner: string) => () =>
      readOwnershipControls(Buffer.from(`<OwnershipControls>${inner}</OwnershipControls>`))
    assert.equal(read(rule('ObjectWriter'))(), 'ObjectWriter')
    for (const inner of [
      ...['', '<Rule/>', rule('objectwriter'), rule('')],
      ...[rule('ObjectWriter').repeat(2), '<Other/>'],
    ]) {
      assert.equal(codeOf(read(inner)), 'MalformedXML', inner)
    }
  })
})

describe('headers of ACLs', (test) => {
  test('name grantees with and without quotes, in whatever letters', () => {
    const grants = [toAccount(owner, 'READ'), toGroup('AllUsers', 'READ')]
    for (const value of [
      `id="${owner}", uri="${groupUris.AllUsers}"`,
      `ID=${owner},URI=${groupUris.AllUsers}`,
      ` Id = "${owner}" , uri = ${groupUris.AllUsers} `,
    ]) {
      assert.deepEqual(parseAclHeaders({ 'x-amz-grant-read': value }), { is: 'grants', grants })
    }
  })

  test('that are empty say nothing', () => {
    assert.equal(parseAclHeaders({}), undefined)
    assert.equal(parseAclHeaders({ 'x-amz-acl': '', 'x-amz-grant-read': '' }), undefined)
  })

  test('have canned names that exist, and nothing that objects inherit', () => {
    for (const name of ['Private', 'public', 'constructor', '__proto__', 'toString']) {
      assert.ok(!isCannedAcl(name))
      assert.equal(
        codeOf(() => parseAclHeaders({ 'x-amz-acl': name })),
        'InvalidArgument',
        name,
      )
    }
  })
})

describe('grants', (test) => {
  test('are public to groups of everybody, and to nobody in particular', () => {
    const shown = everyGrant.filter(isPublicGrant).map(({ grantee }) => grantee)
    assert.equal(shown.length, aclPermissions.length * 2)
    assert.ok(isPublicGrant(toAccount('65a011a29cdf8ec533ec3d1ccaae921c', 'READ')))
  })

  test('are the owner’s alone when they are his full control and nothing else', () => {
    const parties = { owner, bucketOwner: owner }
    assert.ok(isOwnersAlone(grantsOfCanned('private', parties), owner))
    assert.ok(isOwnersAlone(grantsOfCanned('bucket-owner-full-control', parties), owner))
    assert.ok(!isOwnersAlone(grantsOfCanned('public-read', parties), owner))
    assert.ok(!isOwnersAlone([], owner))
    assert.ok(!isOwnersAlone([toAccount(owner, 'READ')], owner))
    assert.ok(!isOwnersAlone(grantsOfCanned('private', parties), 'b'.repeat(64)))
  })
})
