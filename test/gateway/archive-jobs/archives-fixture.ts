// A server with archive jobs over HTTP, on the real engines. The work is run by hand, a job at a time, so
// that nothing depends on time.

import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import type { BlobRead, BlobStore } from '../../../datanode/blob-store.ts'
import { JobEngine } from '../../../gateway/background/job-engine.ts'
import { composeJobWorks } from '../../../gateway/compose/compose-job-works.ts'
import { logTo } from '../../../gateway/log.ts'
import { manifestsOfTenant } from '../../../gateway/zip/tenant-manifests.ts'
import type { Manifest } from '../../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import {
  askPlain,
  askSigned,
  type Json,
  jsonOf,
  targetOf,
  textIn,
} from '../../support/own-routes-client.ts'
import type { RawResponse } from '../../support/raw-connection.ts'
import { RunningServer, serverOwner } from '../../support/start-server.ts'
import { exchange } from '../../support/wire-request.ts'

export const mib = 1024 * 1024
export const minute = 60_000
export const day = 24 * 60 * minute

export type Order = {
  readonly prefix?: string
  readonly key?: string
  readonly bucket?: string
  readonly expiresInSeconds?: number
}

export type WorkOptions = {
  /** Added to the clock. */
  readonly laterMs?: number
  readonly beforeRead?: (stopping: AbortController) => Promise<void>
  readonly which?: RegExp
  /** Not one after the other. */
  readonly atOnce?: boolean
  /** What the work sees instead of the server's chunks. */
  readonly blobs?: BlobStore
  /** What the work sees instead of the server's uploads. */
  readonly uploads?: (uploads: MetadataStore['uploads']) => MetadataStore['uploads']
}

/** A blob store whose reads somebody looks at first. */
function watched(blobs: BlobStore, beforeRead: () => Promise<void>): BlobStore {
  return {
    write: (...asked) => blobs.write(...asked),
    hasMany: (...asked) => blobs.hasMany(...asked),
    read: async (...asked): Promise<BlobRead> => {
      await beforeRead()
      return blobs.read(...asked)
    },
    readMany: async (...asked) => {
      await beforeRead()
      return blobs.readMany(...asked)
    },
    delete: (...asked) => blobs.delete(...asked),
  }
}

export class ArchiveServer {
  readonly server: RunningServer
  /** What the work has logged. */
  readonly log: string[] = []

  private constructor(server: RunningServer) {
    this.server = server
  }

  /** With three objects below `/files/docs/`, and a bucket for results. */
  static async start(): Promise<ArchiveServer> {
    const started = new ArchiveServer(await RunningServer.start())
    await started.put('/files')
    await started.put('/results')
    await started.put('/files/docs/1.md', 'one')
    await started.put('/files/docs/2.md', 'two')
    await started.put('/files/docs/large', Buffer.alloc(3 * mib, 'large'))
    return started
  }

  async stop(): Promise<void> {
    this.server.assertNoFailure()
    await this.server.stop()
  }

  get port(): number {
    return this.server.port
  }

  get metadata(): MetadataStore {
    return this.server.stores.metadata
  }

  async put(target: string, body: Buffer | string = ''): Promise<void> {
    assert.equal((await exchange(this.port, { method: 'PUT', target, body })).status, 200)
  }

  async remove(target: string): Promise<void> {
    assert.equal((await exchange(this.port, { method: 'DELETE', target })).status, 204)
  }

  async statusOf(target: string): Promise<number> {
    return (await exchange(this.port, { target })).status
  }

  async bytesOf(target: string): Promise<Buffer> {
    const response = await exchange(this.port, { target })
    assert.equal(response.status, 200, response.body.toString())
    return response.body
  }

  /** Runs what is to be done now, once, in a worker that begins anew. */
  async work(options: WorkOptions = {}): Promise<void> {
    const { laterMs = 0, beforeRead, which = /./, atOnce = false, uploads } = options
    const stopping = new AbortController()
    const { metadata } = this.server.stores
    const blobs = options.blobs ?? this.server.stores.blobs
    const now = () => Date.now() + laterMs
    const log = logTo((_level, event, { cause }) => this.log.push(`${event}: ${String(cause)}`))
    const owner = randomBytes(8).toString('hex')
    const composed = composeJobWorks({
      metadata:
        uploads === undefined
          ? metadata
          : Object.create(metadata, { uploads: { value: uploads(metadata.uploads) } }),
      blobs: beforeRead === undefined ? blobs : watched(blobs, () => beforeRead(stopping)),
      masterKey: this.server.masterKey,
      config: { externalSources: 'off', externalHttp: false },
      processId: owner,
      owner: () => serverOwner,
      random: randomBytes,
      now,
      log,
    })
    const { works } = composed
    const parts = { works, jobs: metadata.jobs, owner: () => owner, random: randomBytes, now, log }
    const slots = slotsOf(new JobEngine(parts)).filter(({ name }) => which.test(name))
    if (atOnce) await Promise.all(slots.map((slot) => slot.work(stopping.signal)))
    else for (const slot of slots) await slot.work(stopping.signal)
    await composed.close()
  }

  ask({ prefix = 'docs/', key = 'docs.zip', bucket = 'results', ...more }: Order = {}) {
    const json = { bucket: 'files', prefix, destination: { bucket, key }, ...more }
    return askSigned(this.port, { method: 'POST', target: '/-/archives', json })
  }

  async queued(order: Order = {}): Promise<Json> {
    const job = jsonOf(await this.ask(order), 202)
    assert.equal(job.state, 'queued')
    return job
  }

  async shown(job: Json): Promise<Json> {
    return jsonOf(await askSigned(this.port, { target: pathOf(job) }), 200)
  }

  async stateOf(job: Json): Promise<unknown> {
    return (await this.shown(job)).state
  }

  /** What the URL of a job gives that is done. */
  async fetched(job: Json): Promise<RawResponse> {
    const shown = await this.shown(job)
    assert.equal(shown.state, 'done', `${JSON.stringify(shown)} ${this.log.join()}`)
    return askPlain(this.port, { target: targetOf(textIn(shown, 'url')) })
  }

  async end(job: Json): Promise<void> {
    const response = await askSigned(this.port, { method: 'DELETE', target: pathOf(job) })
    assert.equal(response.status, 204)
  }

  /** Ids, in the bucket of results. */
  async uploadsUnderWay(): Promise<readonly string[]> {
    const listed = await exchange(this.port, { target: '/results?uploads' })
    const ids = listed.body.toString().matchAll(/<UploadId>([^<]*)<\/UploadId>/g)
    return Array.from(ids, ([, id = '']) => id)
  }

  async tenantId(): Promise<TenantId> {
    const [tenant] = (await this.metadata.tenants.list({ limit: 1 })).tenants
    return tenant?.id ?? assert.fail('no tenant')
  }

  /** Lists that are held for archive jobs. */
  async listsHeld(): Promise<readonly Manifest[]> {
    const held = await manifestsOfTenant(this.metadata.manifests, await this.tenantId())
    return held.filter(({ scope }) => scope.startsWith('archive '))
  }
}

/** A job for each place in which one can run, and all of those that are looked after. */
function slotsOf({ lanes }: JobEngine) {
  const lane = (name: string) =>
    lanes.find((each) => each.name === name) ?? assert.fail(`no lane is called ${name}`)
  const runOne = (name: string) => async (stopping: AbortSignal) => {
    await lane(name).runOne(stopping)
  }
  return [
    { name: 'small 1', work: runOne('archive-small') },
    { name: 'small 2', work: runOne('archive-small') },
    { name: 'large 1', work: runOne('archive-large') },
    {
      name: 'upkeep',
      work: async (stopping: AbortSignal) => {
        while (await lane('upkeep').runOne(stopping));
      },
    },
  ]
}

export function pathOf(job: Json): string {
  return `/-/archives/${textIn(job, 'id')}`
}
