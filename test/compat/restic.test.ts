// restic: two backups of a changing tree, checked to the last byte, restored and compared, then forgotten.
import assert from 'node:assert'
import { rmSync, writeFileSync } from 'node:fs'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { ClientServer, workerCounts } from './client-server.ts'
import { fingerprintOf, writeTree } from './random-tree.ts'
import { resticFor } from './restic-client.ts'
import { type Client, describeWithClient } from './run-client.ts'

const random = seededBytes()

function resticTests(workers: number): void {
  describe(`restic, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let restic: Client
    let first: readonly string[]
    test.before(async () => {
      server = await ClientServer.start(workers)
      restic = resticFor(server)
    })
    test.after(() => server.close())

    test('makes a repository, and backs up twice', async () => {
      await restic.run('init')
      writeTree(server.path('tree'), random, 1000)
      writeFileSync(server.path('tree/large'), random.bytes(30 * 1024 * 1024))
      await restic.run('backup', 'tree')
      first = fingerprintOf(server.path('tree'))
      writeFileSync(server.path('tree/added'), random.bytes(5_000_000))
      rmSync(server.path('tree/large'))
      await restic.run('backup', 'tree')
      const snapshots = JSON.parse(await restic.run('snapshots', '--json'))
      assert.strictEqual(snapshots.length, 2)
    })

    test('checks all data, and restores both snapshots equal', async () => {
      assert.match(await restic.run('check', '--read-data'), /no errors were found/)
      const [older, newer] = JSON.parse(await restic.run('snapshots', '--json'))
      await restic.run('restore', older.short_id, '--target', 'older')
      assert.deepStrictEqual(fingerprintOf(server.path('older/tree')), first)
      await restic.run('restore', 'latest', '--target', 'newer')
      assert.deepStrictEqual(
        fingerprintOf(server.path('newer/tree')),
        fingerprintOf(server.path('tree')),
      )
      assert.match(await restic.run('diff', older.short_id, newer.short_id), /added/)
    })

    test('forgets and prunes, and what is left is whole', async () => {
      await restic.run('forget', '--keep-last', '1', '--prune')
      assert.match(await restic.run('check', '--read-data'), /no errors were found/)
      rmSync(server.path('newer'), { recursive: true })
      await restic.run('restore', 'latest', '--target', 'newer')
      assert.deepStrictEqual(
        fingerprintOf(server.path('newer/tree')),
        fingerprintOf(server.path('tree')),
      )
    })
  })
}

describeWithClient({ name: 'restic', probe: ['restic', 'version'] }, () => {
  for (const workers of workerCounts) resticTests(workers)
})
