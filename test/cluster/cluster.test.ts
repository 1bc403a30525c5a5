// A cluster as people start it, on MongoDB and RabbitMQ: two metadata services, a data node, two gateways, two workers,
// each a process of its own, and clients before both gateways.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { RemoteBlobStore } from '../../datanode/remote/remote-blob-store.ts'
import { parseClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import { clientKey, clientRegion } from '../compat/client-server.ts'
import { describe } from '../support/describe.ts'
import { onMongo } from '../support/on-mongo.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { Cluster, usualPlan } from './start-cluster.ts'

const mib = 1024 * 1024
/** When a test gives up waiting for what is done in the background. */
const patienceMs = 120_000

function clientOf(endpoint: string): S3Client {
  return new S3Client({
    ...{ endpoint, region: clientRegion, credentials: clientKey, forcePathStyle: true },
    maxAttempts: 8,
  })
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + patienceMs
  while (!(await isSo())) {
    if (Date.now() > endMs) assert.fail(`in vain: ${what}`)
    await sleep(200)
  }
}

onMongo('a cluster', () => {
  describe('a cluster', (test) => {
    const directory = makeTemporaryDirectory()
    let cluster: Cluster
    let first: S3Client
    let second: S3Client

    test.before(async () => {
      cluster = await Cluster.start({ ...usualPlan, data: directory.path, rootKey: clientKey })
      const [a, b] = cluster.of('gateway')
      first = clientOf(a?.endpoint ?? '')
      second = clientOf(b?.endpoint ?? '')
    })
    test.after(async () => {
      first?.destroy()
      second?.destroy()
      assert.deepEqual(await cluster?.stop(), [])
      directory.remove()
    })

    /** What the data node keeps. */
    async function chunksKept(): Promise<number> {
      const secret = parseClusterSecret(
        readFileSync(join(directory.path, 'cluster-secret'), 'utf8'),
      )
      assert.ok(secret)
      const [node] = cluster.of('datanode')
      const blobs = await RemoteBlobStore.open({ endpoint: new URL(node?.endpoint ?? ''), secret })
      try {
        return (await blobs.usage()).chunks
      } finally {
        await blobs.close()
      }
    }

    test('what is written by way of one gateway is there at the other at once', async () => {
      await first.send(new CreateBucketCommand({ Bucket: 'shared' }))
      for (const size of [10, 5000, 9 * mib]) {
        const body = randomBytes(size)
        const Key = `of ${size}`
        await second.send(new PutObjectCommand({ Bucket: 'shared', Key, Body: body }))
        const read = await first.send(new GetObjectCommand({ Bucket: 'shared', Key }))
        assert.ok(body.equals((await read.Body?.transformToByteArray()) ?? Buffer.alloc(0)))
      }
      const listed = await first.send(new ListObjectsV2Command({ Bucket: 'shared' }))
      assert.equal(listed.KeyCount, 3)
    })

    test('what was deleted is off the data node when workers have done what follows', async () => {
      await first.send(new CreateBucketCommand({ Bucket: 'brief' }))
      const before = await chunksKept()
      const Keys = Array.from({ length: 10 }, (_, i) => `k${i}`)
      for (const Key of Keys) {
        await first.send(new PutObjectCommand({ Bucket: 'brief', Key, Body: randomBytes(mib) }))
      }
      assert.equal(await chunksKept(), before + 10)
      for (const Key of Keys) await second.send(new DeleteObjectCommand({ Bucket: 'brief', Key }))
      await until('chunks go', async () => (await chunksKept()) === before)
      await second.send(new DeleteBucketCommand({ Bucket: 'brief' }))
    })

    test('every part says that it is ready', async () => {
      for (const { name, role, endpoint, admin } of cluster.parts) {
        const url = {
          metadata: `${endpoint}/health/ready`,
          datanode: `${endpoint}/health/ready`,
          gateway: `${admin}/readyz`,
          worker: `${endpoint}/readyz`,
        }[role]
        assert.equal((await fetch(url)).status, 200, name)
      }
    })

    test('one metadata service and one worker of two may end, and nothing is noticed', async () => {
      const [service] = cluster.of('metadata')
      const [worker] = cluster.of('worker')
      assert.ok(service && worker)
      for (const part of [service, worker]) await part.process.kill()
      const body = randomBytes(2 * mib)
      for (const client of [first, second]) {
        await client.send(new PutObjectCommand({ Bucket: 'shared', Key: 'still', Body: body }))
        const read = await client.send(new GetObjectCommand({ Bucket: 'shared', Key: 'still' }))
        assert.ok(body.equals((await read.Body?.transformToByteArray()) ?? Buffer.alloc(0)))
      }
      for (const part of [service, worker]) await cluster.restart(part)
    })

    test('without the data node small objects go on; what has chunks is told to come again', async () => {
      const [node] = cluster.of('datanode')
      assert.ok(node)
      await first.send(new PutObjectCommand({ Bucket: 'shared', Key: 'small', Body: 'small' }))
      await node.process.kill()
      const small = await second.send(new GetObjectCommand({ Bucket: 'shared', Key: 'small' }))
      assert.equal(await small.Body?.transformToString(), 'small')
      const once = new S3Client({
        ...{ endpoint: cluster.of('gateway')[0]?.endpoint ?? '', region: clientRegion },
        ...{ credentials: clientKey, forcePathStyle: true, maxAttempts: 1 },
      })
      const put = new PutObjectCommand({ Bucket: 'shared', Key: 'large', Body: randomBytes(mib) })
      await assert.rejects(once.send(put), { name: 'SlowDown' })
      once.destroy()
      await cluster.restart(node)
      await first.send(
        new PutObjectCommand({ Bucket: 'shared', Key: 'large', Body: randomBytes(mib) }),
      )
    })
  })

  describe('npm run cluster', (test) => {
    test('prints one line of JSON when all is ready, and stops on SIGTERM', async () => {
      const { path, remove } = makeTemporaryDirectory()
      const program = fileURLToPath(new URL('./run-cluster.js', import.meta.url))
      const few = ['--metadata', 'lmdb', '--tasks', 'embedded', '--gateways', '1', '--workers', '1']
      const child = spawn(process.execPath, [program, '--data', path, '--json', ...few], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      let printed = ''
      child.stdout.on('data', (piece: Buffer) => {
        printed += piece.toString()
      })
      while (!printed.includes('\n')) {
        assert.equal(child.exitCode, null, printed)
        await sleep(50)
      }
      const { parts, accessKeyId } = JSON.parse(printed)
      assert.match(accessKeyId, /^HF/)
      assert.deepEqual(
        parts.map(({ name }: { name: string }) => name),
        ['metadata-1', 'datanode-1', 'gateway-1', 'worker-1'],
      )
      for (const { pid, endpoint } of parts) {
        assert.ok(process.kill(pid, 0))
        assert.ok(URL.canParse(endpoint))
      }
      child.kill('SIGTERM')
      assert.deepEqual(await ended, [0, null])
      for (const { pid } of parts) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
      remove()
    })
  })
})
