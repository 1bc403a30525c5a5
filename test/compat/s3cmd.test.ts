// s3cmd: put, get, sync, info, cp, mv, multipart, del.
import assert from 'node:assert'
import { rmSync, writeFileSync } from 'node:fs'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { ClientServer, sha256OfFile, workerCounts } from './client-server.ts'
import { fingerprintOf, writeTree } from './random-tree.ts'
import { type Client, describeWithClient } from './run-client.ts'
import { s3cmdFor } from './s3cmd-client.ts'

const random = seededBytes()

function s3cmdTests(workers: number): void {
  describe(`s3cmd, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let s3cmd: Client
    test.before(async () => {
      server = await ClientServer.start(workers)
      s3cmd = s3cmdFor(server)
      await s3cmd.run('mb', 's3://commands')
    })
    test.after(() => server.close())

    test('puts, shows and gets a file', async () => {
      writeFileSync(server.path('file'), random.bytes(70_000))
      const name = 's3://commands/folder/ümlaut & + %25.bin'
      await s3cmd.run('put', '--add-header=x-amz-meta-purpose:test', 'file', name)
      const info = await s3cmd.run('info', name)
      assert.match(info, /File size: 70000/)
      assert.match(info, /x-amz-meta-purpose: test/)
      await s3cmd.run('get', name, 'got')
      assert.strictEqual(sha256OfFile(server.path('got')), sha256OfFile(server.path('file')))
      assert.match(await s3cmd.run('ls', 's3://commands'), /DIR\s+s3:\/\/commands\/folder\//)
      assert.match(await s3cmd.run('ls'), /s3:\/\/commands/)
      assert.match(await s3cmd.run('du', 's3://commands'), /70000\s+1 objects/)
    })

    test('sends a large file in parts, copies and moves it on the server', async () => {
      writeFileSync(server.path('large'), random.bytes(21 * 1024 * 1024))
      await s3cmd.run('put', '--multipart-chunk-size-mb=5', 'large', 's3://commands/large')
      await s3cmd.run('cp', 's3://commands/large', 's3://commands/copied')
      await s3cmd.run('mv', 's3://commands/copied', 's3://commands/moved')
      for (const name of ['large', 'moved']) {
        await s3cmd.run('get', '--force', `s3://commands/${name}`, 'fetched')
        assert.strictEqual(sha256OfFile(server.path('fetched')), sha256OfFile(server.path('large')))
      }
      assert.ok(!(await s3cmd.run('ls', 's3://commands/')).includes('copied'))
      await s3cmd.fails('get', '--force', 's3://commands/copied', 'fetched')
    })

    test('syncs a tree there and back, the second time nothing', async () => {
      writeTree(server.path('tree'), random, 300)
      await s3cmd.run('sync', 'tree/', 's3://commands/tree/')
      const again = await s3cmd.run('sync', 'tree/', 's3://commands/tree/')
      assert.ok(!again.includes('upload:'), again)
      await s3cmd.run('sync', 's3://commands/tree/', 'back/')
      assert.deepStrictEqual(fingerprintOf(server.path('back')), fingerprintOf(server.path('tree')))
      rmSync(server.path('tree/odd names'), { recursive: true })
      await s3cmd.run('sync', '--delete-removed', 'tree/', 's3://commands/tree/')
      assert.strictEqual(await s3cmd.run('ls', 's3://commands/tree/odd names/'), '')
    })

    test('signs an address, sees uploads, and removes all', async () => {
      writeFileSync(server.path('signed'), 'signed')
      await s3cmd.run('put', 'signed', 's3://commands/signed')
      const url = (await s3cmd.run('signurl', 's3://commands/signed', '+600')).trim()
      const reply = await fetch(url)
      assert.deepStrictEqual([reply.status, await reply.text()], [200, 'signed'])
      await s3cmd.run('multipart', 's3://commands')
      await s3cmd.run('del', 's3://commands/signed')
      await s3cmd.run('del', '--recursive', '--force', 's3://commands')
      await s3cmd.run('rb', 's3://commands')
      assert.strictEqual(await s3cmd.run('ls'), '')
    })
  })
}

describeWithClient({ name: 's3cmd', probe: ['s3cmd', '--version'] }, () => {
  for (const workers of workerCounts) s3cmdTests(workers)
})
