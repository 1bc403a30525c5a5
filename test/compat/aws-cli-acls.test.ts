// The AWS command line: ACLs and object ownership by `aws s3api`, what an account blocks by `aws s3control`.
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { accountId, ownerId } from '../../gateway/access/owner.ts'
import { describe } from '../support/describe.ts'
import { awsFor } from './aws-cli-client.ts'
import { ClientServer } from './client-server.ts'
import { type ForwardingProxy, startForwardingProxy } from './forwarding-proxy.ts'
import { type Client, describeWithClient } from './run-client.ts'

const account = ['--account-id', accountId(rootTenantId)]
const bucket = ['--bucket', 'shared']
const page = [...bucket, '--key', 'page']

describeWithClient({ name: 'the AWS command line', probe: ['aws', '--version'] }, () => {
  describe('the AWS command line on ACLs', (test) => {
    let server: ClientServer
    let aws: Client
    let proxy: ForwardingProxy
    const api = async (...argv: readonly string[]) => {
      const printed = await aws.run('s3api', ...argv)
      return printed === '' ? {} : JSON.parse(printed)
    }
    /** The account stands before the host's name. */
    const control = (...argv: readonly string[]) => {
      const env = { HTTP_PROXY: proxy.url }
      return aws.with(env).attempt('s3control', ...argv)
    }
    const status = async () => (await fetch(`${server.endpoint}/shared/page`)).status
    test.before(async () => {
      server = await ClientServer.start(1, {
        argv: ['--object-ownership', 'writer', '--block-public-access', 'off'],
      })
      aws = awsFor(server)
      proxy = await startForwardingProxy(server.endpoint)
    })
    test.after(async () => {
      await proxy.close()
      await server.close()
    })

    test('shares a file as servers do that know no ownership', async () => {
      writeFileSync(server.path('page'), 'for all')
      await aws.run('s3', 'mb', 's3://shared')
      await aws.run('s3', 'cp', '--no-progress', '--acl', 'public-read', 'page', 's3://shared/page')
      assert.strictEqual(await status(), 200)
      const { Grants, Owner } = await api('get-object-acl', ...page)
      assert.strictEqual(Owner.ID, ownerId(rootTenantId))
      assert.strictEqual(Grants.length, 2)
      await api('put-object-acl', ...page, '--acl', 'private')
      assert.strictEqual(await status(), 403)
      const granted = `id=${ownerId(rootTenantId)}`
      await api('put-bucket-acl', ...bucket, '--grant-full-control', granted)
      const { Grants: ofBucket } = await api('get-bucket-acl', ...bucket)
      await api(
        ...['put-bucket-acl', ...bucket, '--access-control-policy'],
        JSON.stringify({ Owner: { ID: Owner.ID }, Grants: ofBucket }),
      )
    })

    test('changes object ownership', async () => {
      const rules = (rule: string) => `Rules=[{ObjectOwnership=${rule}}]`
      const put = ['put-bucket-ownership-controls', ...bucket, '--ownership-controls']
      await api(...put, rules('BucketOwnerEnforced'))
      const refused = await aws.fails('s3api', 'put-object-acl', ...page, '--acl', 'public-read')
      assert.match(refused, /\(AccessControlListNotSupported\)/)
      const { OwnershipControls } = await api('get-bucket-ownership-controls', ...bucket)
      assert.deepStrictEqual(OwnershipControls.Rules, [{ ObjectOwnership: 'BucketOwnerEnforced' }])
      await api('delete-bucket-ownership-controls', ...bucket)
      await api('put-object-acl', ...page, '--acl', 'public-read')
      assert.strictEqual(await status(), 200)
    })

    test('blocks public access for the account', async () => {
      const none = await control('get-public-access-block', ...account)
      assert.match(none.stderr, /\(NoSuchPublicAccessBlockConfiguration\)/)
      const configuration = 'BlockPublicAcls=true,IgnorePublicAcls=true'
      const put = ['--public-access-block-configuration', configuration]
      const done = await control('put-public-access-block', ...account, ...put)
      assert.strictEqual(done.code, 0, done.stderr)
      assert.strictEqual(await status(), 403)
      const found = await control('get-public-access-block', ...account)
      assert.strictEqual(
        JSON.parse(found.stdout).PublicAccessBlockConfiguration.IgnorePublicAcls,
        true,
      )
      const other = await control('get-public-access-block', '--account-id', '111122223333')
      assert.match(other.stderr, /\(AccessDenied\)/)
      const gone = await control('delete-public-access-block', ...account)
      assert.strictEqual(gone.code, 0, gone.stderr)
      assert.strictEqual(await status(), 200)
    })
  })
})
