// Which accounts there are, by their canonical user ids: those are digests, so that one that is not remembered is looked
// for among all tenants. Remembered are those that were found; none is ever given to another.
import { LRUCache } from 'lru-cache'
import type { TenantStore } from '../../../metadata/tenant-store.ts'
import { anonymousUserId, ec2UserId, type Grant } from '../../../protocol/s3/acl/acl.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { ownerId } from '../../access/owner.ts'

const heldMax = 100_000
const unknownMax = 10_000
const unknownMs = 1_000
const pageMax = 1_000

export class KnownAccounts {
  readonly #tenants: Pick<TenantStore, 'list'>
  readonly #known = new LRUCache<string, true>({ max: heldMax })
  /** Were looked for a moment ago in vain: so that nobody has all tenants gone through again and again. */
  readonly #unknown = new LRUCache<string, true>({ max: unknownMax, ttl: unknownMs })
  #looking: Promise<ReadonlySet<string>> | undefined

  constructor(tenants: Pick<TenantStore, 'list'>) {
    this.#tenants = tenants
    this.#known.set(anonymousUserId, true)
    this.#known.set(ec2UserId, true)
  }

  /** Throws `InvalidArgument` when something is granted to an account that is not there. */
  async requireGrantees(grants: readonly Grant[]): Promise<void> {
    const missing = this.#missing(grants)
    if (missing.length === 0) return
    const unknown = missing.find((id) => this.#unknown.has(id))
    if (unknown !== undefined) throw nobody(unknown)
    // One that was made since others began to look is not among what they find.
    await this.#looking
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    const all = await this.#looking
    const [first, ...others] = missing.filter((id) => !all.has(id))
    if (first === undefined) return
    for (const id of [first, ...others]) this.#unknown.set(id, true)
    throw nobody(first)
  }

  #missing(grants: readonly Grant[]): readonly string[] {
    return grants.flatMap(({ grantee }) =>
      grantee.is === 'account' && this.#known.get(grantee.id) === undefined ? [grantee.id] : [],
    )
  }

  /** Many who ask at once are answered by one look. */
  async #look(): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    let after: Parameters<TenantStore['list']>[0]['after']
    for (;;) {
      const page = after === undefined ? { limit: pageMax } : { after, limit: pageMax }
      const { tenants, isTruncated } = await this.#tenants.list(page)
      for (const { id } of tenants) {
        found.add(ownerId(id))
        this.#known.set(ownerId(id), true)
      }
      after = tenants.at(-1)?.id
      if (!isTruncated || after === undefined) return found
    }
  }
}

function nobody(id: string): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'CanonicalUser/ID', ArgumentValue: id },
    { message: 'Invalid id' },
  )
}
