// The engine of `MetadataStore` whose rows are kept elsewhere: every verb is a call of a metadata service. None of
// them is written anywhere; `remote-nouns.ts` makes the nouns from the table that service and client share.
import { pooledRandom } from '../../protocol/chunks/pooled-random.ts'
import { CallTurns } from '../../protocol/cluster/call-turns.ts'
import { type ClientAccess, requireSafeAccess } from '../../protocol/cluster/client-access.ts'
import { callToken } from '../../protocol/cluster/cluster-secret.ts'
import type { LineageStore } from '../lineage-store.ts'
import type { MetadataStore, VerbLimits } from '../metadata-store.ts'
import type { ServedNouns } from '../wire/verb-table.ts'
import { type CallVerb, verbCaller } from './call-verb.ts'
import { limitedStore, remoteNoun } from './remote-nouns.ts'
import { ServiceEndpoint } from './service-endpoint.ts'

export type RemoteMetadataOptions = ClientAccess & {
  /** `http:` or `https:`, host and port: services that stand before one engine. At least one. */
  readonly endpoints: readonly URL[]
  /** How long a call may take in all. Default: 10 s. */
  readonly deadlineMs?: number
  /** Calls under way at once; others wait. Default: 1,024. */
  readonly callsMax?: number
  /** To each service. Default: 64. */
  readonly connectionsMax?: number
  /** Bytes for ids that nobody can guess. */
  readonly random: (bytes: number) => Buffer
  /** For ids of commits. Default: this machine's clock. */
  readonly nowMs?: () => number
}

const defaults = { deadlineMs: 10_000, callsMax: 1024, connectionsMax: 64 }

export class RemoteMetadataStore implements MetadataStore {
  readonly tenants: MetadataStore['tenants']
  readonly identities: MetadataStore['identities']
  readonly buckets: MetadataStore['buckets']
  readonly bucketConfigs: MetadataStore['bucketConfigs']
  readonly objects: MetadataStore['objects']
  readonly uploads: MetadataStore['uploads']
  readonly chunks: MetadataStore['chunks']
  readonly orphans: MetadataStore['orphans']
  readonly outbox: MetadataStore['outbox']
  readonly owners: MetadataStore['owners']
  readonly leases: MetadataStore['leases']
  readonly manifests: MetadataStore['manifests']
  readonly bundles: MetadataStore['bundles']
  readonly jobs: MetadataStore['jobs']
  readonly usage: MetadataStore['usage']
  readonly lineage: LineageStore
  readonly #endpoints: readonly ServiceEndpoint[]
  readonly #call: CallVerb
  readonly #closing: AbortController

  private constructor(
    endpoints: readonly ServiceEndpoint[],
    { call, closing }: { readonly call: CallVerb; readonly closing: AbortController },
  ) {
    this.#endpoints = endpoints
    this.#closing = closing
    this.#call = call
    const noun = <Noun extends keyof ServedNouns>(name: Noun) => remoteNoun(name, { call })
    this.tenants = noun('tenants')
    this.identities = noun('identities')
    this.buckets = noun('buckets')
    this.bucketConfigs = noun('bucketConfigs')
    this.objects = noun('objects')
    this.uploads = noun('uploads')
    this.chunks = noun('chunks')
    this.orphans = noun('orphans')
    this.outbox = noun('outbox')
    this.owners = noun('owners')
    this.leases = noun('leases')
    this.manifests = noun('manifests')
    this.bundles = noun('bundles')
    this.jobs = noun('jobs')
    this.usage = noun('usage')
    this.lineage = { ...noun('lineage'), watch: () => undefined }
  }

  /** Reaches for nothing yet: a service may come later than its clients. Throws `BadRemoteOptions`. */
  static async open(options: RemoteMetadataOptions): Promise<RemoteMetadataStore> {
    requireSafeAccess(options.endpoints, options)
    const { deadlineMs, callsMax, connectionsMax } = { ...defaults, ...options }
    const endpoints = options.endpoints.map(
      (origin) =>
        new ServiceEndpoint({ origin, tls: options.tls ?? {}, connections: connectionsMax }),
    )
    const { secret } = options
    const closing = new AbortController()
    const call = verbCaller({
      endpoints,
      turns: new CallTurns(callsMax),
      authorization: secret && `Bearer ${callToken(secret, 'metadata service')}`,
      deadlineMs,
      random: pooledRandom(options.random),
      nowMs: options.nowMs ?? Date.now,
      closing: closing.signal,
    })
    return new RemoteMetadataStore(endpoints, { call, closing })
  }

  within({ signal }: VerbLimits): MetadataStore {
    return limitedStore(this, { call: this.#call, signal })
  }

  /** What is still under way fails as `StoreUnavailable`. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()))
  }
}
