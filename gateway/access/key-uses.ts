// When, where and for what each access key was used last: noted behind the requests, which never wait for it, and so seldom
// that it costs nothing. May be late, or lost.
import { LRUCache } from 'lru-cache'
import type { KeyUse, TenantStore } from '../../metadata/tenant-store.ts'
import type { User } from './identity.ts'

/** A use is noted when the one noted before, by this process, is older. */
const notedEveryMs = 600_000
const heldMax = 10_000
/** So many are written at once; of more, the next use is noted. */
const writingMax = 16

export type KeyUsesDeps = {
  readonly tenants: Pick<TenantStore, 'noteKeyUse'>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told of what could not be noted. */
  readonly onLost: (cause: unknown) => void
}

export class KeyUses {
  private readonly deps: KeyUsesDeps
  private readonly noted = new LRUCache<string, number>({ max: heldMax })
  private readonly writing = new Set<Promise<void>>()

  constructor(deps: KeyUsesDeps) {
    this.deps = deps
  }

  /** Of a key that has proven itself. Temporary ones are nobody's to look at. */
  note({ accessKeyId, session }: User, { service, region }: Omit<KeyUse, 'usedMs'>): void {
    const usedMs = this.deps.now()
    const before = this.noted.get(accessKeyId)
    if (before !== undefined && usedMs - before < notedEveryMs) return
    if (session !== undefined || this.writing.size >= writingMax) return
    this.noted.set(accessKeyId, usedMs)
    const write = this.write(accessKeyId, { usedMs, service, region: shortened(region) })
    this.writing.add(write)
    void write.finally(() => this.writing.delete(write))
  }

  /** When everything is written that is under way. */
  async close(): Promise<void> {
    await Promise.all(this.writing)
  }

  private async write(accessKeyId: string, use: KeyUse): Promise<void> {
    try {
      await this.deps.tenants.noteKeyUse(accessKeyId, use)
    } catch (cause) {
      this.deps.onLost(cause)
    }
  }
}

const regionMax = 64

/** Clients may call it what they like, where any will do. */
function shortened(region: string): string {
  return region.slice(0, regionMax)
}
