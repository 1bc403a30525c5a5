// Seeded random histories of leases, versions and deletions, compared against a naive model that asks every
// lease about every version.
import assert from 'node:assert/strict'
import type { LeaseScope } from '../../metadata/lease-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
import type { Bucket } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import { type SeededBytes, seededBytes } from '../support/seeded-bytes.ts'
import {
  chunk,
  chunks,
  drain,
  makeBucket,
  type OpenStore,
  put,
  remove,
  tenantId,
  withStore,
} from './metadata-fixture.ts'

const names = ['a', 'a/', 'a/b', 'a/b/c', 'a/b/cd', 'a\u0000', 'a\u0000b', 'b', 'ab', 'é/x', 'é']
const prefixes = ['', 'a', 'a/', 'a/b', 'a/b/c', 'a\u0000', 'é', 'é/', 'b', 'zz', 'a/b/x', 'a/a']
const steps = 300

type ModelVersion = {
  readonly bucket: Bucket
  readonly key: string
  readonly rowId: string
  readonly born: number
  buried: number | undefined
  gone: boolean
}
type ModelLease = {
  readonly leaseId: string
  scopes: { readonly scope: LeaseScope; readonly since: number }[]
  sealed: number | undefined
  /** When it, or the oldest that it was handed, was taken. */
  since: number
}

export function randomLeasesContract(name: string, open: OpenStore): void {
  describe(`${name}: random histories of leases`, (test) => {
    const random = seededBytes()
    for (const round of [1, 2, 3]) {
      test(`what is held is what the living leases cover (seed ${random.seed}, round ${round})`, () =>
        withStore(open, async (store) => {
          const history = await LeaseHistory.begin(store, random)
          for (let step = 0; step < steps; step += 1) {
            await history.step()
            if (random.integer(4) === 0) await history.check()
          }
          await history.end()
        }))
    }
  })
}

class LeaseHistory {
  private readonly store: MetadataStore
  private readonly random: SeededBytes
  private readonly buckets: readonly Bucket[]
  private versions: ModelVersion[] = []
  private leases: ModelLease[] = []
  private now = 0
  private drawn = 0

  private constructor(store: MetadataStore, random: SeededBytes, buckets: readonly Bucket[]) {
    this.store = store
    this.random = random
    this.buckets = buckets
  }

  static async begin(store: MetadataStore, random: SeededBytes): Promise<LeaseHistory> {
    const buckets = [await makeBucket(store, 'plain'), await makeBucket(store, 'kept', 'enabled')]
    return new LeaseHistory(store, random, buckets)
  }

  async step(): Promise<void> {
    const dice = this.random.integer(100)
    this.now += 1
    if (dice < 40) return this.put()
    if (dice < 60) return this.remove()
    if (dice < 75) return this.take()
    const lease = this.leases[this.random.integer(this.leases.length)]
    if (lease === undefined) return
    // What nobody covers is gone by now, whatever comes.
    await this.check()
    if (dice < 82) return this.narrow(lease)
    if (dice < 88) return this.handOver(lease)
    await this.store.leases.letGo(lease.leaseId)
    this.forget(lease)
  }

  /** After all is released that may be, a buried version is there exactly if a lease covers it. */
  async check(): Promise<void> {
    await drain(this.store)
    for (const version of this.versions) {
      const { bucket, key, rowId } = version
      version.gone ||= version.buried !== undefined && !this.isCovered(version)
      const found = await this.store.objects.getRow(bucket.id, key, rowId)
      const what = `${JSON.stringify(key)} of ${bucket.name}, number ${version.born}`
      assert.equal(found !== undefined, !version.gone, what)
    }
    const held = this.versions.filter(({ gone, buried }) => !gone && buried !== undefined)
    assert.equal(await this.store.outbox.depthEstimate(), held.length)
    this.versions = this.versions.filter(({ gone }) => !gone)
  }

  async end(): Promise<void> {
    for (const { leaseId } of this.leases) await this.store.leases.letGo(leaseId)
    this.leases = []
    await this.check()
    assert.equal(await this.store.outbox.depthEstimate(), 0)
  }

  private isCovered(version: ModelVersion): boolean {
    return this.leases.some(
      ({ scopes, sealed }) =>
        (sealed === undefined || version.born < sealed) &&
        scopes.some(({ scope, since }) => since <= (version.buried ?? 0) && covers(scope, version)),
    )
  }

  private async put(): Promise<void> {
    const bucket = this.pick(this.buckets)
    const key = this.pick(names)
    const body = `body ${this.now}`
    const data = { data: chunks(chunk(body, this.now)) }
    if (bucket.versioning === 'off') this.bury(this.currentOf(bucket, key))
    await put(this.store, bucket, key, this.random.integer(2) === 0 ? { body } : { body, ...data })
    const found = await this.store.objects.get(bucket, key)
    assert.ok(found?.is === 'object')
    const { rowId } = found
    const version = { bucket, key, rowId, born: this.now, buried: undefined, gone: false }
    this.versions.push(version)
  }

  private async remove(): Promise<void> {
    const living = this.versions.filter(({ buried }) => buried === undefined)
    const version = living[this.random.integer(living.length)]
    if (version === undefined) return
    const { bucket, key, rowId } = version
    const found = await this.store.objects.getRow(bucket.id, key, rowId)
    assert.ok(found)
    await remove(this.store, bucket, key, found.versionId)
    this.bury(version)
  }

  private async take(): Promise<void> {
    this.drawn += 1
    const manifestId = parseManifestId(this.drawn.toString(16).padStart(32, '0'))
    assert.ok(manifestId)
    const scopes = Array.from({ length: this.random.integer(4) }, () => this.drawScope())
    const lease: ModelLease = {
      leaseId: manifestId,
      scopes: scopes.map((scope) => ({ scope, since: this.now })),
      sealed: undefined,
      since: this.now,
    }
    await this.store.leases.take({ leaseId: manifestId, purpose: 'zip', expiresMs: 1, scopes })
    this.leases.push(lease)
    if (this.random.integer(3) === 0) return
    const begun = { manifestId, tenantId, scope: String(this.drawn), nowMs: 1 }
    await this.store.manifests.begin(begun)
    this.now += 1
    if (this.random.integer(2) === 0) await this.put()
    const summary = { etag: 'e', crc32: 0, entries: 1, totalBytes: 22, modifiedMs: 0 }
    const directory = { offset: 0, bytes: 0 }
    this.now += 1
    await this.store.manifests.seal(manifestId, { ...summary, directory })
    lease.sealed = this.now
  }

  private async narrow(lease: ModelLease): Promise<void> {
    const scopes = Array.from({ length: this.random.integer(4) }, () => this.drawScope())
    await this.store.leases.narrow({ leaseId: lease.leaseId, expiresMs: 1, scopes })
    lease.scopes = scopes.map((scope) => ({ scope, since: lease.since }))
  }

  private async handOver(lease: ModelLease): Promise<void> {
    const to = this.pick(this.leases)
    const { is } = await this.store.leases.handOver(lease.leaseId, to.leaseId)
    assert.equal(is, lease === to ? 'gone' : 'handedOver')
    if (lease === to) return
    to.scopes.push(...lease.scopes)
    const isOpen = to.sealed === undefined || lease.sealed === undefined
    to.sealed = isOpen ? undefined : Math.max(to.sealed ?? 0, lease.sealed ?? 0)
    to.since = Math.min(to.since, lease.since)
    this.forget(lease)
  }

  private bury(version: ModelVersion | undefined): void {
    if (version === undefined) return
    version.buried = this.now
    version.gone = !this.isCovered(version)
  }

  private currentOf(bucket: Bucket, key: string): ModelVersion | undefined {
    return this.versions.find(
      (version) => version.bucket === bucket && version.key === key && version.buried === undefined,
    )
  }

  private forget(lease: ModelLease): void {
    this.leases = this.leases.filter((other) => other !== lease)
  }

  private pick<T>(choices: readonly T[]): T {
    const choice = choices[this.random.integer(choices.length)]
    assert.ok(choice !== undefined)
    return choice
  }

  private drawScope(): LeaseScope {
    const bucketId = this.pick(this.buckets).id
    const dice = this.random.integer(10)
    if (dice === 0) return { is: 'everything' }
    if (dice < 6) return { is: 'prefix', bucketId, prefix: this.pick(prefixes) }
    const version = this.versions[this.random.integer(this.versions.length)]
    if (dice < 8 || version === undefined) return { is: 'key', bucketId, key: this.pick(names) }
    const { bucket, key, rowId } = version
    return { is: 'row', bucketId: bucket.id, key, rowId }
  }
}

function covers(scope: LeaseScope, { bucket, key, rowId }: ModelVersion): boolean {
  if (scope.is === 'everything') return true
  if (scope.bucketId !== bucket.id) return false
  if (scope.is === 'prefix') return key.startsWith(scope.prefix)
  return scope.key === key && (scope.is === 'key' || scope.rowId === rowId)
}
