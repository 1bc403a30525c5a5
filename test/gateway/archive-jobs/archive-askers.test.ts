// With whose permissions an archive job runs: those of whoever has asked for it, as they are when it runs.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { rootTenantId, type Session } from '../../../gateway/access/identity.ts'
import { issueSession } from '../../../gateway/access/keys/session-token.ts'
import type { SigningCredentials } from '../../../protocol/s3/sigv4/sign-request.ts'
import { describe } from '../../support/describe.ts'
import {
  allow,
  changeIdentity,
  deny,
  policyText,
  putIdentities,
  putUser,
  roleEntry,
  type Statement,
  sessionOf,
} from '../../support/identities.ts'
import { askPlain, askSigned, jsonOf, targetOf, textIn } from '../../support/own-routes-client.ts'
import { serverRegion } from '../../support/start-server.ts'
import { ArchiveServer } from './archives-fixture.ts'

const inline = (...statements: readonly Statement[]) => ({
  inline: [{ name: 'p', document: policyText(...statements) }],
})
const needed = [
  allow('holdfast:*', '*'),
  allow(['s3:ListBucket', 's3:GetObject'], ['arn:aws:s3:::files', 'arn:aws:s3:::files/*']),
  allow(['s3:PutObject', 's3:GetObject*'], 'arn:aws:s3:::results/*'),
]

describe('whoever asks for an archive', (test) => {
  let archives: ArchiveServer
  test.before(async () => {
    archives = await ArchiveServer.start()
  })
  test.after(() => archives.stop())

  const order = (credentials: SigningCredentials, key: string) =>
    askSigned(archives.port, {
      ...{ method: 'POST', target: '/-/archives', credentials },
      json: { bucket: 'files', prefix: 'docs/', destination: { bucket: 'results', key } },
    })
  const shown = async (credentials: SigningCredentials, id: unknown) =>
    jsonOf(await askSigned(archives.port, { target: `/-/archives/${id}`, credentials }), 200)

  test('is asked for his permissions when he asks and when it is made', async () => {
    const ann = await putUser(archives.server, 'ann', inline(...needed))
    const job = jsonOf(await order(ann, 'ann.zip'), 202)
    await archives.work()
    assert.equal((await shown(ann, job.id)).state, 'done')
    const unread = deny('s3:GetObject', 'arn:aws:s3:::files/docs/2.md')
    const later = jsonOf(await order(ann, 'later.zip'), 202)
    const user = { kind: 'user', name: 'ann' } as const
    await changeIdentity(archives.server, user, inline(...needed, unread))
    await archives.work()
    const failed = await shown(ann, later.id)
    assert.equal(failed.state, 'failed')
    assert.match(textIn(failed, 'error'), /not permitted/)
  })

  test('has gone, or has lost what he writes to: nothing is made', async () => {
    const bob = await putUser(archives.server, 'bob', inline(...needed))
    const { metadata } = archives.server.stores
    const job = jsonOf(await order(bob, 'bob.zip'), 202)
    const { identities } = metadata
    const tenantId = 'root' as Parameters<typeof identities.revision>[0]
    const ifRevision = await identities.revision(tenantId)
    await identities.commit(tenantId, {
      ifRevision,
      put: [],
      remove: [{ kind: 'user', name: 'bob' }],
    })
    await archives.work()
    assert.equal(await archives.stateOf(job), 'failed')
    assert.equal(await archives.statusOf('/results/bob.zip'), 404)
  })

  test('has gone, and somebody else has got his name: nothing is made', async () => {
    const eve = await putUser(archives.server, 'eve', inline(...needed))
    const job = jsonOf(await order(eve, 'eve.zip'), 202)
    const later = jsonOf(await order(eve, 'eve-later.zip'), 202)
    await putUser(archives.server, 'eve', inline(...needed))
    await archives.work()
    assert.equal(await archives.stateOf(job), 'failed')
    assert.equal(await archives.stateOf(later), 'failed')
    assert.equal(await archives.statusOf('/results/eve.zip'), 404)
  })

  test('with a session of the root user that is ended since: nothing is made', async () => {
    const now = Date.now()
    const session: Session = {
      ...{ of: 'user', name: 'root', ownerId: 'root', issuedMs: now, expiresMs: now + 3_600_000 },
    }
    const owner = { tenantId: rootTenantId, userName: 'root', session }
    const issued = issueSession(archives.server.masterKey, owner, randomBytes)
    const job = jsonOf(await order({ ...issued, region: serverRegion }, 'root.zip'), 202)
    const document = { rootRevokedBeforeMs: now + 1_000 }
    await putIdentities(archives.server, [{ kind: 'account', name: 'account', document }])
    await archives.work()
    assert.equal(await archives.stateOf(job), 'failed')
    assert.equal(await archives.statusOf('/results/root.zip'), 404)
  })

  test('with a session of a role gets a URL that the session opens, and no other', async () => {
    await putIdentities(archives.server, [roleEntry('Zipper', inline(...needed))])
    const session = await sessionOf(archives.server, { kind: 'role', name: 'Zipper' })
    const job = jsonOf(await order(session, 'role.zip'), 202)
    await archives.work()
    const done = await shown(session, job.id)
    assert.equal(done.state, 'done')
    const target = targetOf(textIn(done, 'url'))
    assert.match(target, /X-Amz-Security-Token=/)
    assert.equal((await askPlain(archives.port, { target })).status, 200)
    // What a session has asked for ends with it when sessions are revoked.
    const later = jsonOf(await order(session, 'later.zip'), 202)
    const role = { kind: 'role', name: 'zipper' } as const
    await changeIdentity(archives.server, role, { revokedBeforeMs: Date.now() + 1_000 })
    await archives.work()
    assert.equal(await archives.stateOf(later), 'failed')
  })
})
