// rclone: a tree of some thousand files there and back, a large file, copies and moves on the server.
import assert from 'node:assert'
import { rmSync, writeFileSync } from 'node:fs'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { ClientServer, sha256OfFile, workerCounts } from './client-server.ts'
import { fingerprintOf, writeTree } from './random-tree.ts'
import { rcloneFor } from './rclone-client.ts'
import { type Client, describeWithClient } from './run-client.ts'

const random = seededBytes()
const fileCount = 2000

function rcloneTests(workers: number): void {
  describe(`rclone, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let rclone: Client
    test.before(async () => {
      server = await ClientServer.start(workers)
      rclone = rcloneFor(server)
      writeFileSync(server.path('rclone.conf'), '')
      writeTree(server.path('tree'), random, fileCount)
      await rclone.run('mkdir', 'holdfast:trees')
    })
    test.after(() => server.close())

    test('syncs a tree, and finds nothing to do the second time', async () => {
      const sync = ['sync', '--checksum', '--transfers', '16', 'tree', 'holdfast:trees/one']
      await rclone.run(...sync)
      const again = await rclone.attempt(...sync, '--stats-log-level', 'NOTICE', '--verbose')
      assert.strictEqual(again.code, 0, again.stderr)
      assert.match(again.stderr, /There was nothing to transfer/)
      const byTime = await rclone.attempt('sync', 'tree', 'holdfast:trees/one', '--verbose')
      assert.match(byTime.stderr, /There was nothing to transfer/)
    })

    test('checks it, fetches it back equal, and counts it', async () => {
      await rclone.run('check', 'tree', 'holdfast:trees/one')
      await rclone.run('check', '--download', '--fast-list', 'tree', 'holdfast:trees/one')
      await rclone.run('copy', '--transfers', '16', 'holdfast:trees/one', 'back')
      assert.deepStrictEqual(fingerprintOf(server.path('back')), fingerprintOf(server.path('tree')))
      rmSync(server.path('back'), { recursive: true })
      const counted = await rclone.run('size', '--json', 'holdfast:trees')
      assert.match(counted, new RegExp(`"count":${fileCount},`))
    })

    test('sends only what has changed, and removes what is gone', async () => {
      writeFileSync(server.path('tree/new file'), 'new')
      rmSync(server.path('tree/odd names/.hidden'))
      await rclone.run('sync', 'tree', 'holdfast:trees/one')
      await rclone.run('check', 'tree', 'holdfast:trees/one')
      const names = await rclone.run('lsf', 'holdfast:trees/one/odd names')
      assert.ok(!names.includes('.hidden'))
      assert.strictEqual(await rclone.run('cat', 'holdfast:trees/one/new file'), 'new')
    })

    test('sends a large file in parts, and has the server copy and move it', async () => {
      writeFileSync(server.path('large'), random.bytes(48 * 1024 * 1024 + 17))
      const inParts = ['--s3-upload-cutoff', '8M', '--s3-chunk-size', '5M']
      await rclone.run('copyto', ...inParts, 'large', 'holdfast:trees/large')
      await rclone.run('copyto', 'holdfast:trees/large', 'holdfast:trees/copies/copied')
      const cutoff = ['--s3-copy-cutoff', '10M']
      await rclone.run('copyto', ...cutoff, 'holdfast:trees/large', 'holdfast:trees/in parts')
      await rclone.run('moveto', 'holdfast:trees/copies/copied', 'holdfast:trees/moved')
      for (const name of ['large', 'in parts', 'moved']) {
        await rclone.run('copyto', `holdfast:trees/${name}`, 'fetched')
        assert.strictEqual(
          sha256OfFile(server.path('fetched')),
          sha256OfFile(server.path('large')),
          name,
        )
      }
      assert.strictEqual(await rclone.run('lsf', 'holdfast:trees/copies'), '')
    })

    test('presigns an address', async () => {
      const url = (await rclone.run('link', 'holdfast:trees/one/new file')).trim()
      assert.strictEqual(await (await fetch(url)).text(), 'new')
    })

    test('purges what it has made', async () => {
      await rclone.run('purge', 'holdfast:trees')
      assert.strictEqual(await rclone.run('lsd', 'holdfast:'), '')
    })
  })
}

describeWithClient({ name: 'rclone', probe: ['rclone', 'version'] }, () => {
  for (const workers of workerCounts) rcloneTests(workers)
})
