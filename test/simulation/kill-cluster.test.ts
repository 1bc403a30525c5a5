// A cluster under load by real clients, of which parts are killed at random and started again: metadata services,
// gateways, workers, the data node, and the database and the broker where they are ours. Whatever was acknowledged is
// there afterwards. As part of the tests with few kills; longer by hand, a seed by HOLDFAST_TEST_SEED:
//   node dist/test/simulation/kill-cluster.test.js --mib 2000 --kills 60
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { type Balancer, startBalancer } from '../cluster/balancer.ts'
import { Cluster, type PartRole, usualPlan } from '../cluster/start-cluster.ts'
import { clientKey } from '../compat/client-server.ts'
import { describe } from '../support/describe.ts'
import { onMongo } from '../support/on-mongo.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { Bucket, KillLoad } from './kill-server-load.ts'
import { ExpectedObjects } from './kill-server-model.ts'

const { values } = parseArgs({
  options: { mib: { type: 'string' }, kills: { type: 'string' } },
  strict: false,
})
const budgetMib = Number(values.mib ?? 40)
const kills = Number(values.kills ?? 5)
const mib = 1024 * 1024
const victims: readonly PartRole[] = ['metadata', 'gateway', 'worker', 'datanode']

onMongo('a cluster whose parts are killed under load', () => {
  describe('a cluster whose parts are killed under load', (test) => {
    const random = seededBytes()
    const expected = new ExpectedObjects(random.seed)
    const directory = makeTemporaryDirectory()
    let cluster: Cluster
    let balancer: Balancer
    let load: KillLoad

    test.before(async () => {
      cluster = await Cluster.start({ ...usualPlan, data: directory.path, rootKey: clientKey })
      balancer = await startBalancer(cluster.of('gateway').map(({ endpoint }) => new URL(endpoint)))
      const keysPerClient = Math.max(20, Math.ceil(budgetMib / 6))
      const endpoint = balancer.url
      load = new KillLoad({ random, expected, keysPerClient, endpoint, passing: 'SlowDown' })
      await load.sdk.send(new CreateBucketCommand({ Bucket }))
    })
    test.after(async () => {
      load?.close()
      await balancer?.close()
      assert.deepEqual(await cluster?.stop(), [])
      directory.remove()
    })

    /** Resolves in mid-load, when this round's share is written; rejects when the load fails. */
    async function writeShare(running: Promise<void>): Promise<void> {
      const share = (budgetMib * mib) / (kills + 1)
      const until = load.acknowledged.bytes + (share * (50 + random.integer(50))) / 100
      let failed = false
      running.catch(() => {
        failed = true
      })
      while (load.acknowledged.bytes < until && !failed) await sleep(5)
      if (failed) await running
    }

    for (let kill = 1; kill <= kills; kill += 1) {
      const role = victims[(kill - 1) % victims.length] ?? 'metadata'
      test(`kill ${kill}, of a ${role}, loses nothing that was acknowledged`, async () => {
        const running = load.run()
        await writeShare(running)
        const parts = cluster.of(role)
        const part = parts[random.integer(parts.length)]
        assert.ok(part)
        await part.process.kill()
        await sleep(random.integer(500))
        await cluster.restart(part)
        await writeShare(running)
        load.stop()
        await running
        const objects = await load.verify()
        const { writes, bytes } = load.acknowledged
        console.log(`${objects} objects after ${writes} writes, ${Math.round(bytes / mib)} MiB`)
      })
    }
  })
})
