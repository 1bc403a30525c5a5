// Changes of one account come one after the other within a process. They hold without that too: but of many that begin at
// once, all but one would find the account changed when they are done, and do it all again.
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { TenantId } from '../../metadata/records.ts'

/** Whoever stands last in the line of each account; of each store by itself. */
const lines = new WeakMap<IdentityStore, Map<TenantId, Promise<void>>>()

/** One who hangs, since the store does, must not hold up all behind him for as long as each of them would hang too. */
const patienceMs = 2_000

/** Does the work when those before have done theirs, or have taken too long. Never to be called within such work. */
export async function inTurn<Result>(
  store: IdentityStore,
  tenantId: TenantId,
  work: () => Promise<Result>,
): Promise<Result> {
  const line = lineOf(store)
  const before = line.get(tenantId)
  let leave = () => {}
  const own = new Promise<void>((resolve) => {
    leave = resolve
  })
  line.set(tenantId, own)
  try {
    if (before !== undefined) await withPatience(before)
    return await work()
  } finally {
    leave()
    if (line.get(tenantId) === own) line.delete(tenantId)
  }
}

function lineOf(store: IdentityStore): Map<TenantId, Promise<void>> {
  const known = lines.get(store)
  if (known !== undefined) return known
  const line = new Map<TenantId, Promise<void>>()
  lines.set(store, line)
  return line
}

async function withPatience(before: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs)
  })
  await Promise.race([before, tooLong])
  clearTimeout(timer)
}
