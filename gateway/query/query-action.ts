// What an action of IAM or STS is given and what it gives back. Actions know neither the socket nor how they were
// signed for: `http/answer-query.ts` does.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import type { QueryParameters } from '../../protocol/query/query-parameters.ts'
import type { RequestContext } from '../access/authorize.ts'
import type { CredentialsCache } from '../access/credentials.ts'
import type { Identity, User } from '../access/identity.ts'
import type { MasterKey } from '../access/keys/master-key-file.ts'
import type { PasswordHasher } from '../access/password-hasher.ts'
import type { Asker } from '../access/require.ts'
import type { StandingCache } from '../access/standing.ts'
import type { RequestNotes } from '../s3/request-notes.ts'

/** Everything that an action may use besides the request. */
export type QueryServices = {
  /** Changes of accounts by it are heard of in this process at once. */
  readonly metadata: Pick<MetadataStore, 'tenants' | 'identities' | 'buckets' | 'bucketConfigs'>
  readonly standings: StandingCache
  /** Told of keys that were changed here. */
  readonly credentials: Pick<CredentialsCache, 'forget'>
  readonly masterKey: MasterKey
  readonly passwords: PasswordHasher
  readonly random: RandomBytes
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly region: string
}

type AnyQueryCall = Asker & {
  readonly services: QueryServices
  readonly parameters: QueryParameters
  readonly context: RequestContext
  readonly requestId: string
  /** For those who keep a record. */
  readonly notes?: Pick<RequestNotes, 'issued'>
}

/** Of a caller who has signed. */
export type QueryCall = AnyQueryCall & { readonly identity: User }

/** Of whoever calls: some actions bring their proof with them. */
export type OpenQueryCall = AnyQueryCall & { readonly identity: Identity }

/** Markup of the result (`protocol/query/render-query-reply.ts`); undefined: the action has none. Throws `QueryError`. */
export type QueryAction = (call: QueryCall) => Promise<string | undefined>
export type OpenQueryAction = (call: OpenQueryCall) => Promise<string | undefined>

/** By their names. */
export type QueryActions = {
  readonly signed: Readonly<Record<string, QueryAction>>
  readonly open: Readonly<Record<string, OpenQueryAction>>
}
