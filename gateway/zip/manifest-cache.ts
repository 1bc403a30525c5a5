// Which manifest answers a request: freezes what is there now, finds what was frozen before, and keeps
// what is in use alive. One for each process; manifests themselves are shared by all.
import type { LeaseScope } from '../../metadata/lease-store.ts'
import type { Manifest, ManifestId } from '../../metadata/manifest-store.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { ArchiveUses } from './archive-uses.ts'
import { Audience } from './audience.ts'
import { MomentLost } from './frozen-listing.ts'
import { hasEntries } from './manifest-entries.ts'
import { manifestsOfTenant } from './tenant-manifests.ts'
import { type EntryList, type ManifestOrder, writeManifest } from './write-manifest.ts'
import {
  busyMs,
  entriesPerTenantMax,
  idleAfterMs,
  manifestLifeMs,
  manifestsPerTenantMax,
  touchEveryMs,
  triesPerFreeze,
} from './zip-limits.ts'

export type ArchiveScope = {
  readonly tenantId: TenantId
  /** What is asked for: archives of one scope are versions of one another. */
  readonly scope: string
}

export type FreezeOrder = ArchiveScope &
  Pick<ManifestOrder, 'options' | 'emptyModifiedMs'> & {
    /** Where the objects of the list lie: what is deleted there stays readable. */
    readonly scopes: readonly LeaseScope[]
    /** Of who asks. The list is read on for as long as one of those who share it is there. */
    readonly signal: AbortSignal
    /** Opens the list as it is at a moment that is not before the call. Its pages may end with the signal. */
    readonly open: (signal: AbortSignal) => EntryList | Promise<EntryList>
  }

export type ManifestCacheDeps = {
  readonly metadata: Pick<MetadataStore, 'manifests' | 'leases'>
  readonly now: () => number
  readonly random: RandomBytes
}

/** Of the leases of archives. Those of bundles are others. */
export const archivePurpose = 'zip'
const unneeded = { is: 'unneeded' } as const

/** A freeze that is waited for. Before it has looked, those who come may share it. */
type Turn = { result: Promise<Manifest>; hasLooked: boolean; readonly audience: Audience }

export class ManifestCache {
  private readonly deps: ManifestCacheDeps
  /** The last of each scope; those before it are waited for by it. */
  private readonly turns = new Map<string, Turn>()
  private readonly uses: ArchiveUses

  constructor(deps: ManifestCacheDeps) {
    this.deps = deps
    const { metadata, now } = deps
    this.uses = new ArchiveUses({
      note: (manifestId) => metadata.manifests.touch(manifestId, now()),
    })
  }

  /**
   * The manifest of what is there now: the newest one of the scope if nothing has changed, else a new
   * one. Calls of one scope that come at once share the work; none is answered with what was looked
   * at before it came. Throws `SlowDown` when the tenant's quota is in use, or the list does not stand
   * still for as long as reading it takes.
   */
  freeze(order: FreezeOrder): Promise<Manifest> {
    const name = nameOf(order)
    const before = this.turns.get(name)
    const mayShare = before !== undefined && !before.hasLooked
    if (mayShare && before.audience.join(order.signal)) return before.result
    const audience = new Audience(order.signal)
    const turn: Turn = {
      hasLooked: false,
      audience,
      result: Promise.reject(new Error('not begun')),
    }
    turn.result.catch(() => {})
    turn.result = this.takeTurn(order, { turn, before })
    this.turns.set(name, turn)
    return turn.result
  }

  /** A living manifest of the scope that has one of these ETags. */
  async find(scope: ArchiveScope, etags: readonly string[]): Promise<Manifest | undefined> {
    const manifests = await this.ofScope(scope)
    for (const manifest of manifests) {
      const kept = etags.includes(manifest.etag) ? await this.keep(manifest) : undefined
      if (kept !== undefined) return kept
    }
    return undefined
  }

  /** The newest living manifest of the scope; one that is being made counts. */
  async latest(scope: ArchiveScope & Pick<FreezeOrder, 'signal'>): Promise<Manifest | undefined> {
    const manifests = await this.ofScope(scope)
    for (const manifest of manifests) {
      const kept = await this.keep(manifest)
      if (kept !== undefined) return kept
    }
    const turn = this.turns.get(nameOf(scope))
    return turn?.audience.join(scope.signal) ? turn.result : undefined
  }

  /** It is read from now on, until what this answers is called: no one who needs space may remove it. */
  enter(manifest: Manifest): () => void {
    return this.uses.enter(manifest.manifestId)
  }

  /** To be called again and again by whoever reads the archive, so that it lives on. */
  keeper(manifest: Manifest): () => Promise<void> {
    let kept: Manifest | undefined = manifest
    return async () => {
      // Once it is gone, the reader finds out by itself: nothing is read that is not there.
      if (kept !== undefined) kept = await this.keep(kept, touchEveryMs)
    }
  }

  /** Its lease covers these alone from now on. */
  async narrow(manifestId: ManifestId, scopes: readonly LeaseScope[]): Promise<void> {
    const { metadata, now } = this.deps
    const expiresMs = now() + manifestLifeMs
    await metadata.leases.narrow({ leaseId: manifestId, expiresMs, scopes })
  }

  /**
   * Notes a use, if the last one was so long ago. Undefined: the manifest is gone, or its data may be.
   * Whoever begins to read notes it soon, since it is from then on that he is not to lose it.
   */
  private async keep(manifest: Manifest, everyMs = idleAfterMs / 3): Promise<Manifest | undefined> {
    const { metadata, now } = this.deps
    const { manifestId } = manifest
    const nowMs = now()
    const idleMs = nowMs - manifest.usedMs
    if (idleMs < everyMs) return manifest
    if (idleMs >= manifestLifeMs) return undefined
    try {
      const [touched, renewed] = await Promise.all([
        metadata.manifests.touch(manifestId, nowMs),
        needsLease(manifest) ? metadata.leases.renew(manifestId, nowMs + manifestLifeMs) : unneeded,
      ])
      if (touched.is === 'noSuchManifest' || renewed.is === 'gone') return undefined
      return { ...manifest, usedMs: nowMs }
    } catch (cause) {
      // It lives on for a while; a disk that is full or read-only is no reason not to send it.
      if (cause instanceof MetadataFull) return manifest
      throw cause
    }
  }

  private async takeTurn(
    order: FreezeOrder,
    { turn, before }: { turn: Turn; before: Turn | undefined },
  ): Promise<Manifest> {
    // A failure of the one before is told to those who wait for it.
    await before?.result.catch(() => {})
    try {
      turn.audience.signal.throwIfAborted()
      return await this.freezeStill(order, turn)
    } finally {
      const name = nameOf(order)
      if (this.turns.get(name) === turn) this.turns.delete(name)
    }
  }

  /** Begins again when the moment is lost that the list was to be of. */
  private async freezeStill(order: FreezeOrder, turn: Turn): Promise<Manifest> {
    for (let tries = 1; tries <= triesPerFreeze; tries += 1) {
      try {
        return await this.freezeNow(order, turn)
      } catch (cause) {
        if (!(cause instanceof MomentLost)) throw cause
      }
    }
    throw new S3Error('SlowDown', undefined, {
      message: 'The list could not be read as of one moment. Try again in some minutes.',
    })
  }

  private async freezeNow(order: FreezeOrder, turn: Turn): Promise<Manifest> {
    const { manifests } = this.deps.metadata
    const [last] = await manifests.ofScope(order.tenantId, order.scope, 1)
    const newest = last && (await this.keep(last))
    if (newest !== undefined) {
      turn.hasLooked = true
      const list = await order.open(turn.audience.signal)
      try {
        if (await hasEntries(manifests, newest, list.pages())) return newest
      } finally {
        await list.close()
      }
    } else if (last !== undefined) {
      // It is dead, and would be taken for one that is equal and lives.
      await this.remove(last.manifestId)
    }
    await this.makeRoom(order.tenantId)
    return this.freezeAnew(order, turn)
  }

  private async freezeAnew(order: FreezeOrder, turn: Turn): Promise<Manifest> {
    const { metadata, now, random } = this.deps
    const manifestId = drawManifestId(random)
    const { tenantId, scope, scopes } = order
    await metadata.manifests.begin({ manifestId, tenantId, scope, nowMs: now() })
    const expiresMs = now() + manifestLifeMs
    const lease = { leaseId: manifestId, purpose: archivePurpose, expiresMs, scopes }
    const leave = this.uses.enter(manifestId)
    try {
      // Before anybody looks: whatever is deleted after the look is held.
      await metadata.leases.take(lease)
      turn.hasLooked = true
      const list = await order.open(turn.audience.signal)
      try {
        const written = await writeManifest(
          metadata.manifests,
          { ...order, manifestId },
          list.pages(),
        )
        if (written.is === 'known') await this.remove(manifestId)
        else if (!needsLease(written.manifest)) await metadata.leases.letGo(manifestId)
        return written.manifest
      } finally {
        await list.close()
      }
    } catch (cause) {
      await this.remove(manifestId)
      throw cause
    } finally {
      leave()
    }
  }

  /** Lets manifests go that were not used for longest, until there is room for one more. */
  private async makeRoom(tenantId: TenantId): Promise<void> {
    const held = await manifestsOfTenant(this.deps.metadata.manifests, tenantId)
    held.sort((a, b) => a.usedMs - b.usedMs)
    let entries = held.reduce((sum, manifest) => sum + manifest.entries, 0)
    while (held.length >= manifestsPerTenantMax || entries > entriesPerTenantMax) {
      const oldest = held.shift()
      if (oldest === undefined || this.deps.now() - oldest.usedMs < busyMs) {
        throw new S3Error('SlowDown', undefined, {
          message: 'Too many archives are in use. Try again in some minutes.',
        })
      }
      await this.remove(oldest.manifestId)
      entries -= oldest.entries
    }
  }

  private ofScope({ tenantId, scope }: ArchiveScope): Promise<readonly Manifest[]> {
    return this.deps.metadata.manifests.ofScope(tenantId, scope, manifestsPerTenantMax)
  }

  private remove(manifestId: ManifestId): Promise<void> {
    return removeManifest(this.deps.metadata, manifestId)
  }
}

/** Removes a manifest with all its pages, and lets go of the data it has held. Safe to repeat. */
export async function removeManifest(
  metadata: ManifestCacheDeps['metadata'],
  manifestId: ManifestId,
): Promise<void> {
  let step = await metadata.manifests.remove(manifestId)
  await metadata.leases.letGo(manifestId)
  while (step.is === 'more') step = await metadata.manifests.remove(manifestId)
}

/** An archive that refers to nothing holds nothing back. */
function needsLease(manifest: Manifest): boolean {
  return manifest.entries > 0
}

function nameOf({ tenantId, scope }: ArchiveScope): string {
  return `${tenantId} ${scope}`
}

function drawManifestId(random: RandomBytes): ManifestId {
  const id = parseManifestId(random(16).toString('hex'))
  if (id === undefined) throw new RangeError('random(16) must give 16 bytes')
  return id
}
