// Puts the admin API of one process together, out of ports that somebody else has opened. It remembers nothing that a gateway
// beside it would have to be told of: what is changed here counts there within a second.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { CredentialsCache } from '../access/credentials.ts'
import { KeyUses } from '../access/key-uses.ts'
import type { MasterKey } from '../access/keys/master-key-file.ts'
import { openAccounts } from '../access/open-accounts.ts'
import { PasswordHasher } from '../access/password-hasher.ts'
import { makeLimits } from '../access/request-limits.ts'
import type { AdminApi } from '../admin/admin-api.ts'
import { makeAdminApp } from '../admin/admin-app.ts'
import { descriptionPaths } from '../admin/api/describe-api.ts'
import { observeAdmin } from '../admin/observe-admin.ts'
import { AdminCredentials } from '../admin/sign-in/admin-credentials.ts'
import { makeSignIn } from '../admin/sign-in/sign-in.ts'
import { type AddLine, auditRequests } from '../audit/audit-requests.ts'
import type { Config } from '../config/config.ts'
import { requestIds } from '../http/request-id.ts'
import { logRequests, observeBy } from '../http/request-record.ts'
import type { Log } from '../log.ts'

export type AdminComposeDeps = {
  readonly metadata: MetadataStore
  readonly masterKey: MasterKey
  readonly config: Pick<Config, 'region' | 'adminRate'>
  /** Unique to this life of this process. */
  readonly processId: string
  readonly random: RandomBytes
  readonly now: () => number
  readonly log: Log
  /** Takes a line of each request. Undefined: nobody keeps them. */
  readonly audit: AddLine | undefined
  /** Rejects when requests cannot be served now. */
  readonly check: () => Promise<void>
}

const signingKeysMax = 1_000

export function composeAdmin(deps: AdminComposeDeps): AdminApi {
  const { metadata, masterKey, config, random, now, log, audit } = deps
  const credentials = new CredentialsCache({ metadata, masterKey, now })
  const accounts = openAccounts(metadata)
  const ids = requestIds(`admin ${deps.processId}`)
  const told = logRequests(log, { all: false })
  const audited =
    audit === undefined ? told : observeBy(told, auditRequests(audit, { now, hostId: ids.hostId }))
  const { identities } = accounts.metadata
  const { tenants, buckets, bucketConfigs, jobs, usage } = metadata
  const app = makeAdminApp({
    services: {
      ...{ credentials, masterKey, random, now, region: config.region },
      ...{ standings: accounts.standings, passwords: new PasswordHasher() },
      metadata: { tenants, buckets, bucketConfigs, jobs, usage, identities },
    },
    signIn: makeSignIn({
      ...{ metadata, now, signingKeys: new SigningKeyCache({ entriesMax: signingKeysMax }) },
      credentials: new AdminCredentials({ metadata, masterKey, credentials }),
      keyUses: new KeyUses({
        ...{ tenants: metadata.tenants, now },
        onLost: (cause) => log.warn('the use of an access key was not noted', { cause }),
      }),
    }),
    limits: makeLimits(config.adminRate, () => performance.now()),
    observe: observeAdmin(audited),
    ...{ ids, check: deps.check },
  })
  return {
    isOwn: (path) => path.startsWith('/v1/') || descriptionPaths.includes(path),
    fetch: (request, bindings) => app.fetch(request, bindings),
  }
}
