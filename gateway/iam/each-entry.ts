// Walks through the documents of one kind. They may be long, and reading them must keep nobody else waiting: so few are read
// at once, and others have their turn in between.
import { setImmediate } from 'node:timers/promises'
import type { IdentityEntry, IdentityKind } from '../../metadata/identity-records.ts'
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { TenantId } from '../../metadata/records.ts'

const rowsAtOnce = 100

export type Walk<Kind extends IdentityKind> = {
  readonly kind: Kind
  /** Of their names. */
  readonly prefix?: string | undefined
  /** A name, exclusive. */
  readonly after?: string | undefined
}

/** In the order of their names. What changes meanwhile is met or not. */
export async function* eachEntry<Kind extends IdentityKind>(
  store: Pick<IdentityStore, 'list'>,
  tenantId: TenantId,
  { kind, prefix, after }: Walk<Kind>,
): AsyncGenerator<Extract<IdentityEntry, { kind: Kind }>> {
  for (let from = after; ; ) {
    const { entries, isTruncated } = await store.list(tenantId, kind, {
      ...(prefix === undefined ? {} : { prefix }),
      ...(from === undefined ? {} : { after: from }),
      limit: rowsAtOnce,
    })
    yield* entries
    if (!isTruncated) return
    from = entries.at(-1)?.name
    await setImmediate()
  }
}
