// Clients that set ACLs as they did before buckets had none: s3cmd and rclone, on a server that is set up for them.
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { ownerId } from '../../gateway/access/owner.ts'
import { describe } from '../support/describe.ts'
import { ClientServer } from './client-server.ts'
import { rcloneFor } from './rclone-client.ts'
import { describeWithClient } from './run-client.ts'
import { s3cmdFor } from './s3cmd-client.ts'

const argv = ['--object-ownership', 'writer', '--block-public-access', 'off']

describeWithClient({ name: 's3cmd', probe: ['s3cmd', '--version'] }, () => {
  describe('s3cmd on ACLs', (test) => {
    let server: ClientServer
    test.before(async () => {
      server = await ClientServer.start(1, { argv })
    })
    test.after(() => server.close())

    test('shares and hides objects and buckets', async () => {
      const s3cmd = s3cmdFor(server)
      const status = async (path: string) => (await fetch(`${server.endpoint}/${path}`)).status
      writeFileSync(server.path('page'), 'for all')
      await s3cmd.run('mb', '--acl-public', 's3://shared')
      assert.strictEqual(await status('shared'), 200)
      await s3cmd.run('put', '--acl-public', 'page', 's3://shared/page')
      assert.strictEqual(await status('shared/page'), 200)
      assert.match(await s3cmd.run('info', 's3://shared/page'), /\*anon\*: READ/)
      await s3cmd.run('setacl', '--acl-private', 's3://shared/page')
      assert.strictEqual(await status('shared/page'), 403)
      const grant = `--acl-grant=read:${ownerId(rootTenantId)}`
      await s3cmd.run('setacl', grant, 's3://shared/page')
      await s3cmd.run('setacl', '--acl-public', '--recursive', 's3://shared')
      assert.strictEqual(await status('shared/page'), 200)
      await s3cmd.run('setacl', '--acl-private', 's3://shared')
      assert.strictEqual(await status('shared'), 403)
    })
  })
})

describeWithClient({ name: 'rclone', probe: ['rclone', 'version'] }, () => {
  describe('rclone on ACLs', (test) => {
    let server: ClientServer
    test.before(async () => {
      server = await ClientServer.start(1, { argv })
    })
    test.after(() => server.close())

    test('makes a public bucket and copies public files there', async () => {
      const rclone = rcloneFor(server)
      writeFileSync(server.path('page'), 'for all')
      const shared = ['--s3-acl', 'public-read', '--s3-bucket-acl', 'public-read']
      await rclone.run(...shared, 'copy', server.path('page'), 'holdfast:shared/')
      for (const path of ['shared', 'shared/page']) {
        assert.strictEqual((await fetch(`${server.endpoint}/${path}`)).status, 200, path)
      }
    })
  })
})
