// Puts the S3 gateway of one process together, out of ports that somebody else has opened.
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { chunkBytesMax } from '../../protocol/chunks/chunk-ref.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { loadChecksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { makeFindAddressedTenant } from '../access/addressed-tenant.ts'
import { makeAuthenticate } from '../access/authenticate.ts'
import { makeAuthenticateForm } from '../access/authenticate-form.ts'
import type { Authorize } from '../access/authorize.ts'
import { makeFindCorsRules } from '../access/cors-rules.ts'
import { CredentialsCache } from '../access/credentials.ts'
import { KeyUses } from '../access/key-uses.ts'
import type { MasterKey } from '../access/keys/master-key-file.ts'
import { makeFindTenantKeys } from '../access/keys/tenant-keyring.ts'
import {
  boundAuthenticate,
  boundAuthenticateForm,
  makeRequestBounds,
} from '../access/limit-requests.ts'
import { openAccounts } from '../access/open-accounts.ts'
import { PasswordHasher } from '../access/password-hasher.ts'
import { archivesRoutes } from '../archive-jobs/archives-routes.ts'
import { type AddLine, auditRequests } from '../audit/audit-requests.ts'
import { bundlesRoutes } from '../bundles/bundles-routes.ts'
import { openGatherer, sourceRules } from '../bundles/external/gather-sources.ts'
import type { Config } from '../config/config.ts'
import { HashPool } from '../data/digests/hash-pool.ts'
import { ReadLeases } from '../data/read/read-leases.ts'
import { Ingest } from '../data/write/ingest.ts'
import { IngestBudget } from '../data/write/ingest-budget.ts'
import { answeringS3 } from '../http/answer-s3.ts'
import { watchHealth } from '../http/health.ts'
import { makeNativeApp, type NativeApp } from '../http/native-app.ts'
import { type RequestIds, requestIds } from '../http/request-id.ts'
import { logRequests, type ObserveRequest, observeBy } from '../http/request-record.ts'
import { type HandleRequest, makeServe } from '../http/serve-request.ts'
import { iamActions } from '../iam/iam-actions.ts'
import type { Log } from '../log.ts'
import { keepQuotas } from '../quota/keep-quotas.ts'
import { Quotas } from '../quota/quotas.ts'
import { KnownAccounts } from '../s3/acl/known-accounts.ts'
import type { Services } from '../s3/operation.ts'
import { makeStsActions } from '../sts/sts-actions.ts'
import { ZipService } from '../zip/zip-service.ts'
import { operationHandlers } from './operation-handlers.ts'

export type GatewayDeps = {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly masterKey: MasterKey
  readonly config: { readonly workers?: number } & Pick<
    Config,
    | 'region'
    | 'anyRegion'
    | 'blockPublicAccess'
    | 'objectOwnership'
    | 'externalHttp'
    | 'domains'
    | 'corsOrigins'
    | 'ingestMemoryBytes'
    | 'uploadPace'
    | 'requestRates'
    | 'externalSources'
    | 'oidc'
    | 'ldap'
  >
  /** Unique to this life of this process. */
  readonly processId: string
  /** Whose that is which is begun now (`metadata/owner-store.ts`). */
  readonly owner: () => string
  readonly random: RandomBytes
  readonly now: () => number
  readonly log: Log
  /** Told of each request when it has ended. Absent: the log alone is, of those that failed. */
  readonly observe?: ObserveRequest
  /** Takes a line of each request, for the record (`audit/`). Absent: nobody keeps one. */
  readonly audit?: AddLine | undefined
  /** What callers may do. By default, what policies say. */
  readonly authorize?: Authorize
  /** Rejects when requests cannot be served now. */
  readonly check?: (signal: AbortSignal) => Promise<void>
  /** Told when many archives are read at once, and when no longer. */
  readonly onManyReaders?: (areMany: boolean) => void
  /** Those of the process: what jobs let in counts for requests too. */
  readonly quotas?: Quotas
}

export type Gateway = {
  /** Requests of S3. */
  readonly handle: HandleRequest
  /** Those below `/-/`. */
  readonly native: NativeApp
  readonly ids: RequestIds
  /** Is to be told of requests that cannot even be read. */
  readonly observe: ObserveRequest
  readonly services: Services
  /** Ends helper threads. To be called when no request is under way. */
  close(): Promise<void>
}

const signingKeysMax = 1_000
const tenantsMax = 1_000
const corsHeldBytesMax = 16 * 1024 * 1024
/** MD5 is what an upload takes longest for: one thread beside the main one keeps a core busy. */
const hashThreads = 2

export async function composeGateway(deps: GatewayDeps): Promise<Gateway> {
  const { blobs, masterKey, config, now, log } = deps
  const clock = () => performance.now()
  const { quotas = new Quotas({ metadata: deps.metadata, clock }) } = deps
  const metadata = keepQuotas(deps.metadata, quotas)
  const { observe: tell = logRequests(log, { all: false }), audit } = deps
  const accounts = openAccounts(metadata)
  const { standings, permissions, accountBlocks } = accounts
  const { authorize = accounts.authorize } = deps
  const ids = requestIds(deps.processId)
  const observe =
    audit === undefined ? tell : observeBy(tell, auditRequests(audit, { now, hostId: ids.hostId }))
  const checksums = await loadChecksums()
  const hashPool = new HashPool({ threadsMax: hashThreads })
  const buffersMax = Math.floor(config.ingestMemoryBytes / chunkBytesMax / 2)
  const ingest = new Ingest({
    chunks: metadata.chunks,
    blobs,
    budget: new IngestBudget({ buffersMax, nowMs: now }),
    hashPool,
    checksums,
    random: deps.random,
    owner: deps.owner,
    nowMs: now,
    onLeftover: (cause) => log.warn('an upload left something behind', { cause }),
  })
  const readLeases = new ReadLeases({
    leases: metadata.leases,
    random: deps.random,
    owner: deps.owner,
    nowMs: now,
  })
  const keysOfTenant = makeFindTenantKeys({ metadata, masterKey, tenantsMax, now })
  const { requestRates: rates, workers = 1 } = config
  const bounds = makeRequestBounds(
    { tenant: rates.tenant / workers, key: rates.key / workers },
    clock,
  )
  const services: Services = {
    ...(bounds === undefined ? {} : { bounds }),
    metadata,
    blobs,
    ingest,
    readLeases,
    authorize,
    keysOfTenant,
    quotas,
    findAddressed: makeFindAddressedTenant(metadata),
    now,
    region: config.region,
    anyRegion: config.anyRegion,
    blockPublicAccess: config.blockPublicAccess,
    objectOwnership: config.objectOwnership,
    permissions,
    accountBlocks,
    accounts: new KnownAccounts(metadata.tenants),
  }
  const keyUses = new KeyUses({
    ...{ tenants: metadata.tenants, now },
    onLost: (cause) => log.warn('the use of an access key was not noted', { cause }),
  })
  const signing = {
    keyUses,
    credentials: new CredentialsCache({ metadata, masterKey, now }),
    signingKeys: new SigningKeyCache({ entriesMax: signingKeysMax }),
    region: config.anyRegion ? undefined : config.region,
    now,
  }
  const { random, onManyReaders = () => {}, check = async () => {} } = deps
  const zip = new ZipService({ metadata, blobs, random, now, clock, onManyReaders })
  const routeDeps = {
    metadata,
    zip,
    random: deps.random,
    now,
    sources: config,
    gatherer: openGatherer({
      rules: sourceRules(config),
      spool: { metadata, ingest: async () => ingest, now },
    }),
    credentials: (accessKeyId: string) => signing.credentials.find({ accessKeyId }),
    signingKeys: signing.signingKeys,
    keysOfTenant,
  }
  const close = async () => {
    await keyUses.close()
    await readLeases.close()
    await hashPool.close()
  }
  const { domains } = config
  const authenticate = boundAuthenticate(makeAuthenticate({ ...signing, domains }), bounds)
  const authenticateForm = boundAuthenticateForm(makeAuthenticateForm(signing), bounds)
  const findCorsRules = makeFindCorsRules({
    metadata,
    origins: config.corsOrigins,
    heldBytesMax: corsHeldBytesMax,
  })
  const serve = makeServe({
    ...{ ids, checksums, clock, observe, isAudited: audit !== undefined },
    pace: { ...config.uploadPace, graceMs: config.uploadPace.windowMs, nowMs: clock },
  })
  const handle = serve(
    answeringS3({
      ...{ services, authenticate, findCorsRules, domains, hostId: ids.hostId },
      query: {
        ...{
          authorize,
          authenticate,
          actions: { iam: iamActions, sts: makeStsActions(config, { clock, log }) },
        },
        services: {
          ...{
            metadata: accounts.metadata,
            standings,
            credentials: signing.credentials,
            masterKey,
          },
          passwords: new PasswordHasher(),
          ...{ random: deps.random, now, region: config.region },
        },
      },
      handlers: operationHandlers({ authenticateForm, zip }),
      health: watchHealth(check, clock),
    }),
  )
  // All that there are of our own below `/-/` on the S3 port.
  const routes = [...bundlesRoutes(routeDeps), ...archivesRoutes(routeDeps)]
  const native = makeNativeApp({ services, authenticate, findCorsRules, domains, serve }, routes)
  return { handle, native, ids, observe, services, close }
}
