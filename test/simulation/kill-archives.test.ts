// Archive jobs while the server is killed again and again, all its processes at once or one worker, and
// while some of the jobs are cancelled and asked for anew. In the end each has stored the bytes that
// were frozen, and nothing else is left of it.
// As part of the tests with 400 MiB and 4 kills; longer, a seed by HOLDFAST_TEST_SEED:
//   npm test -- kill-archives --mib=6000 --kills=40
import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { checkData } from '../../deploy/recovery/check-data.ts'
import { Refused, SignedClient } from '../../deploy/zip/signed-client.ts'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { manifestsOfTenant } from '../../gateway/zip/tenant-manifests.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { clientKey, clientRegion, startHoldfast } from '../compat/client-server.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory, type StartedServer } from '../support/started-server.ts'

const { values } = parseArgs({
  options: { mib: { type: 'string' }, kills: { type: 'string' } },
  strict: false,
})
const mib = 1024 * 1024
const budgetMib = Number(values.mib ?? 400)
const kills = Number(values.kills ?? 4)
const workers = 2
/** One more than run at once, so that one of them waits. */
const names = ['a.zip', 'b.zip', 'c.zip'] as const
const objectMib = 9
const triesMax = 5

type Job = {
  readonly id: string
  readonly state: string
  readonly url?: string
  readonly error?: string
  readonly created: string
  readonly progress: {
    readonly entries: number
    readonly bytes: number
    readonly totalEntries: number
    readonly totalBytes: number
  }
}

describe('archive jobs of a server that is killed', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  const data = join(directory.path, 'data')
  let server: StartedServer
  let sdk: S3Client
  let client: SignedClient
  let expected: string
  /** The job of each name, as it was shown last. */
  const jobs = new Map<string, Job>()

  async function start(): Promise<void> {
    server = startHoldfast({ data, workers })
    const { s3: endpoint } = await server.listening()
    const credentials = { ...clientKey, region: clientRegion }
    client = new SignedClient(new URL(endpoint), credentials)
    sdk?.destroy()
    sdk = new S3Client({
      endpoint,
      region: clientRegion,
      credentials: clientKey,
      forcePathStyle: true,
    })
  }

  test.before(async () => {
    await start()
    for (const Bucket of ['files', 'results']) await sdk.send(new CreateBucketCommand({ Bucket }))
    const put = (Key: string, Body: Buffer) =>
      sdk.send(new PutObjectCommand({ Bucket: 'files', Key, Body }))
    for (let index = 0; index < 300; index += 1) {
      await put(`tree/small/${index}`, random.bytes(random.integer(20_000)))
    }
    await put('tree/large/0', random.bytes(objectMib * mib))
    const large = Math.ceil(budgetMib / names.length / objectMib)
    for (let index = 1; index < large; index += 1) {
      const CopySource = 'files/tree/large/0'
      const Key = `tree/large/${index}`
      await sdk.send(new CopyObjectCommand({ Bucket: 'files', Key, CopySource }))
    }
    expected = await digestOf(await client.send({ method: 'GET', target: '/files/tree/?zip' }))
    for (const name of names) await ask(name)
  })
  test.after(async () => {
    sdk.destroy()
    await server.stop('SIGKILL')
    directory.remove()
  })

  /** The job of this name that there is, or a new one. */
  async function ask(name: string): Promise<void> {
    const destination = { bucket: 'results', key: name }
    const json = { bucket: 'files', prefix: 'tree/', destination }
    const post = { method: 'POST', target: '/-/archives', json }
    note(name, await insisting(() => client.json(post)))
  }

  async function cancel(name: string): Promise<void> {
    const target = `/-/archives/${jobs.get(name)?.id}`
    await insisting(() => client.json({ method: 'DELETE', target }))
  }

  async function look(name: string): Promise<Job> {
    const target = `/-/archives/${jobs.get(name)?.id}`
    return note(name, await insisting(() => client.json({ method: 'GET', target })))
  }

  /** Progress is never beyond the end, and never goes back. */
  function note(name: string, shown: Readonly<Record<string, unknown>>): Job {
    const job = shown as unknown as Job
    const { bytes, entries, totalBytes, totalEntries } = job.progress
    assert.ok(bytes <= totalBytes && entries <= totalEntries, JSON.stringify(job))
    const before = jobs.get(name)
    if (before !== undefined && before.created === job.created) {
      const isFurther = bytes >= before.progress.bytes && entries >= before.progress.entries
      assert.ok(isFurther, `${JSON.stringify(before)} and then ${JSON.stringify(job)}`)
    }
    jobs.set(name, job)
    return job
  }

  async function watchFor(ms: number): Promise<void> {
    const untilMs = performance.now() + ms
    while (performance.now() < untilMs) {
      for (const name of names) await look(name)
      await sleep(random.integer(20))
    }
  }

  /** There is something to do for each: those that are done are ended and asked for anew. */
  async function keepBusy(): Promise<void> {
    for (const name of names) {
      if ((await look(name)).state === 'done') await cancel(name)
      await ask(name)
    }
  }

  /** A job is cancelled and asked for at once, and it is not waited for what becomes of it. */
  function disturb(): Promise<unknown> {
    const name = names[random.integer(names.length)] ?? names[0]
    return Promise.allSettled([cancel(name), ask(name)])
  }

  async function killAll(): Promise<void> {
    const disturbed = random.integer(2) === 0 ? disturb() : Promise.resolve()
    await sleep(random.integer(10))
    await server.killAll()
    await disturbed
    await start()
    jobs.clear()
    for (const name of names) await ask(name)
  }

  async function killOneWorker(): Promise<void> {
    const victims = server.workers
    const victim = victims[random.integer(victims.length)] ?? assert.fail('no worker')
    process.kill(victim, 'SIGKILL')
    await server.printed(new RegExp(`Worker process ${victim} ended`))
    await watchFor(random.integer(500))
  }

  for (let kill = 1; kill <= kills; kill += 1) {
    const kind = kill % 3 === 2 ? 'one worker' : 'all processes'
    test(`kill ${kill}, of ${kind}, leaves every job going on`, async () => {
      await keepBusy()
      await watchFor(random.integer(2_500))
      await (kind === 'one worker' ? killOneWorker() : killAll())
      for (const name of names) {
        const { state, error } = await look(name)
        assert.ok(['queued', 'running', 'done'].includes(state), `${name} is ${state}: ${error}`)
      }
    })
  }

  test('each job has stored the bytes that were frozen, and progress to the last of them', async () => {
    for (const name of names) {
      let job = await look(name)
      for (; job.state === 'queued' || job.state === 'running'; job = await look(name)) {
        await sleep(50)
      }
      assert.strictEqual(job.state, 'done', job.error)
      const { entries, totalEntries, bytes, totalBytes } = job.progress
      assert.deepStrictEqual([entries, bytes], [totalEntries, totalBytes])
      const { body } = await fetch(job.url ?? assert.fail('no URL'))
      assert.strictEqual(await digestOf(body ?? assert.fail('no body')), expected)
    }
  })

  test('no upload, list or object is left over, and the data is sound', async () => {
    const { Uploads } = await sdk.send(new ListMultipartUploadsCommand({ Bucket: 'results' }))
    assert.strictEqual(Uploads, undefined)
    const { Contents = [] } = await sdk.send(new ListObjectsV2Command({ Bucket: 'results' }))
    assert.deepStrictEqual(
      Contents.map(({ Key }) => Key),
      names,
    )
    assert.strictEqual(await server.stop(), 0, server.output)
    assert.deepStrictEqual(await listsHeld(join(data, 'metadata')), [])
    const printed: string[] = []
    assert.ok(
      await checkData({
        dataDirectory: data,
        masterKeyFile: join(data, 'master.key'),
        print: (line) => printed.push(line),
      }),
      printed.join('\n'),
    )
  })
})

/** A request may have been with a worker that died; another one answers. Each may be made twice. */
async function insisting<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await request()
    } catch (cause) {
      if (cause instanceof Refused || tries === triesMax) throw cause
      await sleep(20)
    }
  }
}

/** Scopes of the frozen lists that archive jobs hold, of a server that is stopped. */
async function listsHeld(path: string): Promise<readonly string[]> {
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  try {
    const scopes = (await manifestsOfTenant(store.manifests, rootTenantId)).map(
      ({ scope }) => scope,
    )
    return scopes.filter((scope) => scope.startsWith('archive '))
  } finally {
    await store.close()
  }
}

async function digestOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const digest = createHash('sha256')
  for await (const piece of body) digest.update(piece)
  return digest.digest('hex')
}
