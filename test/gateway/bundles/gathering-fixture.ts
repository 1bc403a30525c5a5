// A server whose bundles gather from an https server of the test's own. The work is run by hand, so that
// nothing here depends on time.

import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { BlobStore } from '../../../datanode/blob-store.ts'
import { JobEngine } from '../../../gateway/background/job-engine.ts'
import { composeJobWorks } from '../../../gateway/compose/compose-job-works.ts'
import { logTo } from '../../../gateway/log.ts'
import { manifestsOfTenant } from '../../../gateway/zip/tenant-manifests.ts'
import { type BundleId, bundleLeaseId } from '../../../metadata/bundle-store.ts'
import type { JobStore } from '../../../metadata/job-store.ts'
import { hiddenNamespace } from '../../../metadata/namespaces.ts'
import { parseBundleId } from '../../../metadata/record-ids.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { makeCertificate } from '../../compat/tls-certificate.ts'
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
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { exchange } from '../../support/wire-request.ts'
import { type Answer, HttpsOrigin } from './https-origin.ts'

const gatheringsAtOnce = 4

export type WorkOptions = {
  /** Added to the clock. */
  readonly laterMs?: number
  readonly stopping?: AbortSignal
  /** What the engine sees instead of the server's jobs. */
  readonly jobs?: (jobs: JobStore) => JobStore
  /** What the work sees instead of the server's chunks. */
  readonly blobs?: BlobStore
}

export class GatheringServer {
  readonly server: RunningServer
  readonly origin: HttpsOrigin
  readonly worked: string[] = []
  private readonly ca: string
  private readonly removeFolder: () => void

  private constructor(parts: {
    readonly server: RunningServer
    readonly origin: HttpsOrigin
    readonly ca: string
    readonly removeFolder: () => void
  }) {
    this.server = parts.server
    this.origin = parts.origin
    this.ca = parts.ca
    this.removeFolder = parts.removeFolder
  }

  /** With a bucket `files`. */
  static async start(answers: Readonly<Record<string, Answer>>): Promise<GatheringServer> {
    const folder = makeTemporaryDirectory()
    const certificate = makeCertificate(folder.path, 'origin')
    const ca = readFileSync(certificate.cert, 'utf8')
    const origin = await HttpsOrigin.start(certificate, answers)
    const server = await RunningServer.start()
    assert.equal((await exchange(server.port, { method: 'PUT', target: '/files' })).status, 200)
    return new GatheringServer({ server, origin, ca, removeFolder: folder.remove })
  }

  async stop(): Promise<void> {
    this.origin.close()
    this.server.assertNoFailure()
    await this.server.stop()
    this.removeFolder()
  }

  url(path: string): string {
    return `https://localhost:${this.origin.port}${path}`
  }

  async put(key: string, body: string): Promise<void> {
    const request = { method: 'PUT', target: `/files/${key}`, body }
    assert.equal((await exchange(this.server.port, request)).status, 200)
  }

  /** Waits for nothing, unless `prefer` says so. */
  post(target: string, json: object, prefer = 'respond-async'): Promise<RawResponse> {
    const request = { method: 'POST', target, json, headers: { prefer } }
    return askSigned(this.server.port, request)
  }

  /** A bundle that is still to be gathered. */
  async begin(entries: readonly unknown[], more: object = {}): Promise<Json> {
    const bundle = jsonOf(await this.post('/-/bundles', { bucket: 'files', entries, ...more }), 202)
    assert.equal(bundle.state, 'gathering')
    return bundle
  }

  append(bundle: Json, entries: readonly unknown[], prefer?: string): Promise<RawResponse> {
    return this.post(`/-/bundles/${textIn(bundle, 'id')}/entries`, { entries }, prefer)
  }

  async shown(bundle: Json): Promise<Json> {
    const target = `/-/bundles/${textIn(bundle, 'id')}`
    return jsonOf(await askSigned(this.server.port, { target }), 200)
  }

  download(bundle: Json, method = 'GET'): Promise<RawResponse> {
    return askPlain(this.server.port, { method, target: targetOf(textIn(bundle, 'url')) })
  }

  async delete(bundle: Json): Promise<void> {
    const request = { method: 'DELETE', target: `/-/bundles/${textIn(bundle, 'id')}` }
    assert.equal((await askSigned(this.server.port, request)).status, 204)
  }

  /** Gathers what is to be gathered now, as a process that begins anew. */
  async work(options: WorkOptions = {}): Promise<void> {
    const { laterMs = 0, stopping = new AbortController().signal, jobs = (real) => real } = options
    const { stores, masterKey } = this.server
    const addresses = {
      isAllowed: () => true,
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
      ca: this.ca,
    }
    const owner = randomBytes(8).toString('hex')
    const parts = {
      random: randomBytes,
      now: () => Date.now() + laterMs,
      log: logTo((_level, event, { cause }) => this.worked.push(`${event}: ${String(cause)}`)),
    }
    const composed = composeJobWorks({
      ...parts,
      ...stores,
      ...(options.blobs === undefined ? {} : { blobs: options.blobs }),
      masterKey,
      config: { externalSources: 'any', externalHttp: false },
      rules: { addresses, bytesMax: 10_000_000, silenceMs: 60_000 },
      processId: owner,
      owner: () => serverOwner,
    })
    const { works } = composed
    const engine = new JobEngine({
      ...parts,
      works,
      jobs: jobs(stores.metadata.jobs),
      owner: () => owner,
    })
    const lane = engine.lanes.find(({ name }) => name === 'gathering')
    assert.ok(lane !== undefined)
    const all = Array.from({ length: gatheringsAtOnce }, async () => {
      while (!stopping.aborted && (await lane.runOne(stopping)));
    })
    try {
      await Promise.all(all)
    } finally {
      await composed.close()
    }
  }

  /** Works beside a request until that is answered. */
  async workBeside<Answered>(request: Promise<Answered>): Promise<Answered> {
    let isAnswered = false
    const answered = request.finally(() => {
      isAnswered = true
    })
    answered.catch(() => {})
    while (!isAnswered) {
      await this.work()
      // What finds nothing to do never waits, and would let no request in.
      await setImmediate()
    }
    return answered
  }

  /** What is kept besides the objects of the bucket. */
  async leftOf(bundle: Json) {
    const { bundles, leases, manifests, buckets, objects, tenants } = this.server.stores.metadata
    const bundleId = idOf(bundle)
    const [tenant] = (await tenants.list({ limit: 1 })).tenants
    const tenantId = tenant?.id as TenantId
    const spool = await buckets.get(hiddenNamespace(tenantId), '-/spool')
    const listed = spool && (await objects.list(spool, { prefix: '', limit: 100 }))
    const lease = await leases.renew(bundleLeaseId(bundleId), Date.now() + 1_000_000)
    return {
      lease: lease.is,
      manifests: (await manifestsOfTenant(manifests, tenantId)).length,
      spooled: listed?.entries.length ?? 0,
      gathering: (await bundles.get(bundleId))?.gathering !== undefined,
    }
  }

  /** Whether a file of the data directory holds this text. */
  keepsInPlain(text: string): boolean {
    const { path } = this.server
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text))
  }
}

function idOf(bundle: Json): BundleId {
  const id = parseBundleId(textIn(bundle, 'id'))
  assert.ok(id !== undefined)
  return id
}
