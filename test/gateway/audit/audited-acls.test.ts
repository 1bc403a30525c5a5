// Lines of the audit log of what ACLs have decided.
import assert from 'node:assert/strict'
import { describe } from '../../support/describe.ts'
import { exchange, exchangeBytes } from '../../support/wire-request.ts'
import { AuditedServer } from './audited-fixture.ts'

const writer =
  '<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>'

describe('the audit log of ACLs', (test) => {
  let server: AuditedServer
  test.before(async () => {
    server = await AuditedServer.start()
  })
  test.after(() => server.stop())

  const withAcls = async () => {
    const there = await server.place()
    const { bucket } = there
    await there.sure({ method: 'PUT', target: `/${bucket}?ownershipControls`, body: writer })
    return there
  }
  const anonymously = (method: string, target: string) =>
    server.lineOf(() =>
      exchangeBytes(
        server.port,
        `${method} ${target} HTTP/1.1\r\nhost: s3.test\r\ncontent-length: 0\r\n\r\n`,
        method,
      ),
    )

  test('says whose list has granted it, and that what another account owns is not the bucket’s', async () => {
    const there = await withAcls()
    const { bucket } = there
    await there.sure({ method: 'DELETE', target: `/${bucket}?publicAccessBlock` })
    const headers = { 'x-amz-acl': 'public-read-write' }
    await there.sure({ method: 'PUT', target: `/${bucket}?acl`, headers })
    await there.sure({ method: 'PUT', target: `${there.at('k')}?acl`, headers })
    const read = await anonymously('GET', there.at('k'))
    assert.deepEqual([read.status, read.verdict], [200, 'allowed'])
    assert.deepEqual(read.decidedBy, { type: 'acl', of: 'object' })
    const put = await anonymously('PUT', there.at('theirs'))
    assert.deepEqual([put.status, put.verdict], [200, 'allowed'])
    assert.deepEqual(put.decidedBy, { type: 'acl', of: 'bucket' })
    const target = there.at('theirs')
    const line = await server.lineOf(() => exchange(server.port, { target }))
    assert.deepEqual([line.status, line.verdict], [403, 'denied'])
    assert.deepEqual(line.decidedBy, { type: 'objectOwner' })
    assert.equal(line.deniedAction, 's3:GetObject')
  })

  test('says denied where a public ACL is blocked', async () => {
    const there = await withAcls()
    const headers = { 'x-amz-acl': 'public-read' }
    for (const target of [`/${there.bucket}?acl`, `${there.at('k')}?acl`, there.at('new')]) {
      const line = await server.lineOf(() =>
        exchange(server.port, { method: 'PUT', target, headers, body: '' }),
      )
      assert.deepEqual([line.status, line.errorCode], [403, 'AccessDenied'], target)
      assert.deepEqual([line.verdict, line.decidedBy], ['denied', { type: 'publicAccessBlock' }])
    }
  })
})
