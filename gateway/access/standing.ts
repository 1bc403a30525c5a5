// What somebody who has signed may do by himself: who he is to policies, and the policies that he has. Loaded once for
// each revision of his account, and compiled once.
import { LRUCache } from 'lru-cache'
import type {
  AccountDocument,
  GroupDocument,
  IdentityRef,
  RoleDocument,
  UserDocument,
} from '../../metadata/identity-records.ts'
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { Tag, TenantId } from '../../metadata/records.ts'
import type { Principal } from '../../protocol/policy/access-request.ts'
import { isSameInAscii } from '../../protocol/policy/ascii-case.ts'
import type { Policies } from '../../protocol/policy/combine-grants.ts'
import { type CompiledPolicy, compilePolicy } from '../../protocol/policy/compile-policy.ts'
import { joinPolicies } from '../../protocol/policy/join-policies.ts'
import { managedPolicies } from '../../protocol/policy/managed-policies.ts'
import { namesKeyLike } from '../../protocol/policy/names-key-like.ts'
import { parsePolicy } from '../../protocol/policy/parse-policy.ts'
import { PolicyRefused } from '../../protocol/policy/policy-refused.ts'
import { policySizes } from '../../protocol/policy/policy-sizes.ts'
import { weighPolicy } from '../../protocol/policy/weigh-policy.ts'
import { accountDocument } from '../acl/account-blocks.ts'
import type { AccountRevisions } from './account-revisions.ts'
import { existingTag } from './bucket-permissions.ts'
import { rootUserName, type Session, type User } from './identity.ts'
import { accountId, iamArn, ownerId, rootArn, stsArn } from './owner.ts'

export type Standing = {
  readonly principal: Principal
  /** What he is called in conditions, logs and refusals. */
  readonly arn: string
  /** As `aws:userid` has it. */
  readonly userId: string
  /** Of a user, and of sessions of a user. */
  readonly userName?: string
  readonly type: 'Account' | 'User' | 'AssumedRole' | 'FederatedUser'
  readonly tags: readonly Tag[]
  readonly policies: Omit<Policies, 'resource'>
  /** His policies ask for the tags that an object has, which are not in the request. */
  readonly asksForTags?: boolean
  /** Nothing is allowed any more, by whatever policy: whose it is has gone, or his sessions were ended. */
  readonly isRevoked: boolean
}

type Held = { readonly revision: number; readonly standing: Standing; readonly bytes: number }

const heldMax = 10_000
const heldBytesMax = 64 * 1024 * 1024
/** Of one without policies. */
const entryBytes = 1024
const noPolicies: Standing['policies'] = { identity: [] }

export class StandingCache {
  readonly #store: IdentityStore
  readonly #revisions: AccountRevisions
  readonly #held = new LRUCache<string, Held>({
    max: heldMax,
    maxSize: heldBytesMax,
    sizeCalculation: ({ bytes }) => bytes,
  })

  constructor(store: IdentityStore, revisions: AccountRevisions) {
    this.#store = store
    this.#revisions = revisions
  }

  /** As of a moment that is not long ago. Throws what the store throws. */
  of(user: User): Standing | Promise<Standing> {
    if (isRootWithKey(user)) return rootStanding(user.tenantId)
    const revision = this.#revisions.of(user.tenantId)
    return revision instanceof Promise
      ? revision.then((known) => this.#at(user, known))
      : this.#at(user, revision)
  }

  /** As of now. */
  async now(user: User): Promise<Standing> {
    if (isRootWithKey(user)) return rootStanding(user.tenantId)
    return this.#at(user, await this.#revisions.now(user.tenantId))
  }

  #at(user: User, revision: number): Standing | Promise<Standing> {
    const held = this.#held.get(placeOf(user))
    return held?.revision === revision ? held.standing : this.#load(user)
  }

  async #load(user: User): Promise<Standing> {
    const loaded = await loadStanding(this.#store, user)
    this.#held.set(placeOf(user), loaded)
    this.#revisions.learn(user.tenantId, loaded.revision)
    return loaded.standing
  }
}

/** Also with the temporary credentials that it has got for itself. */
export function isRootUser({ userName, session }: User): boolean {
  return userName === rootUserName && (session === undefined || session.of === 'user')
}

/** Whom nothing is read of. */
function isRootWithKey(user: User): boolean {
  return user.session === undefined && isRootUser(user)
}

/** Sessions of one role differ by what was given with them, which their key stands for. */
function placeOf({ tenantId, userName, userId = '', session, accessKeyId }: User): string {
  const which = session === undefined ? userId : accessKeyId
  return `${tenantId} ${userName} ${which}`
}

const roots = new LRUCache<TenantId, Standing>({ max: 1_000 })

function rootStanding(tenantId: TenantId): Standing {
  let standing = roots.get(tenantId)
  if (standing === undefined) {
    const account = accountId(tenantId)
    const arn = rootArn(tenantId)
    standing = {
      principal: { is: 'root', arn, accountId: account, canonicalUserId: ownerId(tenantId) },
      ...{ arn, userId: account, type: 'Account', tags: [], policies: noPolicies },
      isRevoked: false,
    }
    roots.set(tenantId, standing)
  }
  return standing
}

/** Several reads, all of one revision: or it is done again. */
async function loadStanding(store: IdentityStore, user: User): Promise<Held> {
  for (;;) {
    const reading = new Reading(store, user.tenantId)
    const loaded = await standingOf(reading, user)
    const identity = [joinPolicies(loaded.policies.identity)]
    const policies = { ...loaded.policies, identity }
    const standing = { ...loaded, policies, asksForTags: reading.asksForTags }
    if (reading.isOfOneMoment) {
      const { revision, bytes } = reading
      return { revision, standing, bytes: entryBytes + bytes }
    }
  }
}

class Reading {
  readonly #store: IdentityStore
  readonly tenantId: TenantId
  #revision: number | undefined
  isOfOneMoment = true
  /** Of the policies that were compiled. */
  bytes = 0
  /** Whether one of them is about the tags of objects. */
  asksForTags = false

  constructor(store: IdentityStore, tenantId: TenantId) {
    this.#store = store
    this.tenantId = tenantId
  }

  get revision(): number {
    return this.#revision ?? 0
  }

  async read(refs: readonly IdentityRef[]) {
    const { revision, entries } = await this.#store.getMany(this.tenantId, refs)
    this.#revision ??= revision
    if (revision !== this.#revision) this.isOfOneMoment = false
    return entries
  }

  async user(name: string): Promise<UserDocument | undefined> {
    const [entry] = await this.read([{ kind: 'user', name: name.toLowerCase() }])
    return entry?.kind === 'user' ? entry.document : undefined
  }

  async role(name: string): Promise<RoleDocument | undefined> {
    const [entry] = await this.read([{ kind: 'role', name: name.toLowerCase() }])
    return entry?.kind === 'role' ? entry.document : undefined
  }

  async account(): Promise<AccountDocument | undefined> {
    const [entry] = await this.read([{ kind: 'account', name: accountDocument }])
    return entry?.kind === 'account' ? entry.document : undefined
  }

  async groups(names: readonly string[]): Promise<readonly GroupDocument[]> {
    if (names.length === 0) return []
    const entries = await this.read(names.map((name) => ({ kind: 'group', name })))
    return entries.flatMap((entry) => (entry?.kind === 'group' ? [entry.document] : []))
  }

  /** Throws `PolicyRefused` for one that cannot be read any more. Those that are gone are left out. */
  async managed(arns: readonly string[]): Promise<readonly CompiledPolicy[]> {
    const own = arns.flatMap((arn) => (managedPolicies.has(arn) ? [] : [policyKey(arn)]))
    const entries =
      own.length === 0 ? [] : await this.read(own.map((name) => ({ kind: 'policy', name })))
    const wanted = entries.flatMap((entry) =>
      entry?.kind === 'policy' ? [versionKey(entry.name, entry.document.defaultVersion)] : [],
    )
    const versions =
      wanted.length === 0
        ? []
        : await this.read(wanted.map((name) => ({ kind: 'policyVersion', name })))
    const texts = new Map<string, string>()
    for (const version of versions) {
      if (version?.kind !== 'policyVersion') continue
      texts.set(version.name.slice(0, version.name.lastIndexOf('/')), version.document.document)
    }
    return arns.flatMap((arn) => {
      const text = managedPolicies.get(arn)?.document ?? texts.get(policyKey(arn))
      return text === undefined ? [] : [this.compile(text, arn)]
    })
  }

  /** Throws `PolicyRefused`. */
  compile(text: string, name: string): CompiledPolicy {
    const policy = compilePolicy(
      parsePolicy(text, { kind: 'identity', size: policySizes.stored }),
      name,
    )
    this.bytes += weighPolicy(policy)
    this.asksForTags ||= namesKeyLike(policy, existingTag)
    return policy
  }
}

/** Where a managed policy of a tenant lies: by its name, which is the last part of its ARN. */
export function policyKey(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1).toLowerCase()
}

export function versionKey(policy: string, version: number): string {
  return `${policy}/v${version}`
}

async function standingOf(reading: Reading, user: User): Promise<Standing> {
  try {
    return user.session?.of === 'role'
      ? await ofRole(reading, user, user.session)
      : await ofUser(reading, user)
  } catch (cause) {
    // What it denies is not known: so nothing is allowed.
    if (cause instanceof PolicyRefused) return revoked(user)
    throw cause
  }
}

async function ofUser(reading: Reading, identity: User): Promise<Standing> {
  const { session, userName, userId } = identity
  if (userName === rootUserName) return ofRootsSession(reading, identity)
  const user = await reading.user(userName)
  if (user === undefined || isEnded(user, session)) return revoked(identity)
  if (userId !== undefined && userId !== user.id) return revoked(identity)
  const groups = await reading.groups(user.groups)
  const inline = [
    ...user.inline.map(({ name, document }) => ({ of: `user/${user.name}/${name}`, document })),
    ...groups.flatMap((group) =>
      group.inline.map(({ name, document }) => ({ of: `group/${group.name}/${name}`, document })),
    ),
  ]
  const arns = [...new Set([...user.attached, ...groups.flatMap(({ attached }) => attached)])]
  const arn = iamArn(reading.tenantId, 'user', user)
  const identityPolicies = [
    ...inline.map(({ of, document }) => reading.compile(document, of)),
    ...(await reading.managed(arns)),
  ]
  const policies = {
    identity: identityPolicies,
    ...(await boundaryOf(reading, user.boundary)),
    ...(await sessionOf(reading, session)),
  }
  const account = accountId(reading.tenantId)
  const of = { accountId: account, canonicalUserId: ownerId(reading.tenantId) }
  if (session?.of === 'federated user') {
    const own = stsArn(reading.tenantId, `federated-user/${session.name}`)
    return {
      principal: { is: 'federated user', arn: own, userArn: arn, ...of },
      ...{ arn: own, userId: `${account}:${session.name}`, type: 'FederatedUser' },
      ...{ tags: session.tags ?? [], policies, isRevoked: false },
    }
  }
  return {
    principal: { is: 'user', arn, ...of },
    ...{ arn, userId: user.id, userName: user.name, type: 'User' },
    ...{ tags: user.tags, policies, isRevoked: false },
  }
}

async function ofRootsSession(reading: Reading, identity: User): Promise<Standing> {
  const { session, tenantId } = identity
  if (session !== undefined && isEndedOfRoot(session, await reading.account())) {
    return revoked(identity)
  }
  return isRootUser(identity) ? rootStanding(tenantId) : ofRootsFederation(reading, identity)
}

/** What the root user lets somebody do by GetFederationToken. */
async function ofRootsFederation(reading: Reading, { session }: User): Promise<Standing> {
  const account = accountId(reading.tenantId)
  const name = session?.name ?? ''
  const arn = stsArn(reading.tenantId, `federated-user/${name}`)
  return {
    principal: {
      ...{ is: 'federated user', arn, userArn: rootArn(reading.tenantId) },
      ...{ accountId: account, canonicalUserId: ownerId(reading.tenantId) },
    },
    ...{ arn, userId: `${account}:${name}`, type: 'FederatedUser', tags: session?.tags ?? [] },
    policies: { identity: [everything(reading)], ...(await sessionOf(reading, session)) },
    isRevoked: false,
  }
}

function everything(reading: Reading): CompiledPolicy {
  const statement = { Effect: 'Allow', Action: '*', Resource: '*' }
  const document = { Version: '2012-10-17', Statement: [statement] }
  return reading.compile(JSON.stringify(document), 'root user')
}

async function ofRole(reading: Reading, identity: User, session: Session): Promise<Standing> {
  const role = await reading.role(identity.userName)
  if (role === undefined || isEnded(role, session)) return revoked(identity)
  const arn = stsArn(reading.tenantId, `assumed-role/${role.name}/${session.name}`)
  const { provider } = session
  return {
    principal: {
      ...{ is: 'role session', arn, roleArn: iamArn(reading.tenantId, 'role', role) },
      ...{ accountId: accountId(reading.tenantId), canonicalUserId: ownerId(reading.tenantId) },
      ...(provider === undefined ? {} : { provider }),
    },
    ...{ arn, userId: `${role.id}:${session.name}`, type: 'AssumedRole' },
    // What the session brings goes before what the role has.
    tags: [
      ...(session.tags ?? []),
      ...role.tags.filter(({ key }) => !session.tags?.some((tag) => isSameInAscii(tag.key, key))),
    ],
    policies: {
      identity: [
        ...role.inline.map(({ name, document }) =>
          reading.compile(document, `role/${role.name}/${name}`),
        ),
        ...(await reading.managed(role.attached)),
      ],
      ...(await boundaryOf(reading, role.boundary)),
      ...(await sessionOf(reading, session)),
    },
    isRevoked: false,
  }
}

async function boundaryOf(
  reading: Reading,
  arn: string | undefined,
): Promise<Pick<Policies, 'boundary'>> {
  return arn === undefined ? {} : { boundary: await reading.managed([arn]) }
}

async function sessionOf(
  reading: Reading,
  session: Session | undefined,
): Promise<Pick<Policies, 'session'>> {
  if (session === undefined) return {}
  const { of, policies = [], policyArns = [] } = session
  const isBounded = session.policies !== undefined || session.policyArns !== undefined
  // A federated user has nothing but what he was given.
  if (!isBounded && of !== 'federated user') return {}
  const inline = policies.map((text) => reading.compile(text, 'session policy'))
  const managed = await reading.managed(policyArns)
  // Nobody is kept from deleting one. What it denied is not known any more: so nothing is allowed.
  if (managed.length < policyArns.length) return { session: [] }
  return { session: [...inline, ...managed] }
}

/** The root user has no document of its own: the account's says it. */
export function isEndedOfRoot(
  { issuedMs }: Pick<Session, 'issuedMs'>,
  account: AccountDocument | undefined,
): boolean {
  return issuedMs < (account?.rootRevokedBeforeMs ?? 0)
}

type Ended = { readonly id: string; readonly revokedBeforeMs?: number }

/** It was of another one of this name, or began before all were ended. */
function isEnded({ id, revokedBeforeMs = 0 }: Ended, session: Session | undefined): boolean {
  if (session === undefined) return false
  return session.ownerId !== id || session.issuedMs < revokedBeforeMs
}

function revoked({ tenantId, userName, session }: User): Standing {
  const named = session?.of === 'role' ? 'role' : 'user'
  const isRoots = named === 'user' && userName === rootUserName
  const arn = isRoots ? rootArn(tenantId) : iamArn(tenantId, named, { path: '/', name: userName })
  return {
    principal: { is: 'anonymous' },
    ...{ arn, userId: '', type: 'User', tags: [], policies: noPolicies, isRevoked: true },
  }
}
