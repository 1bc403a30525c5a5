// From a list of entries to a manifest: pages are written as the entries pass by, and what they come
// to (length, CRC-32, ETag) is known with the last one. Memory: a few pages.
import assert from 'node:assert'
import type {
  Manifest,
  ManifestEntry,
  ManifestId,
  ManifestPage,
  ManifestStore,
  ManifestSummary,
} from '../../metadata/manifest-store.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { ArchiveCrc32, ArchiveEtag } from '../../protocol/zip/archive-sums.ts'
import { entryHeaders } from '../../protocol/zip/zip-layout.ts'
import { ZipPlan } from '../../protocol/zip/zip-plan.ts'
import { entriesPerTenantMax, pageEntriesMax, pagesUnderWay, pageTextMax } from './zip-limits.ts'

/**
 * What an archive is to hold, wherever it comes from: names decided, in the order of the archive. It stands still
 * until it is closed, however long it is.
 */
export interface EntryList {
  /**
   * In pages, the same each time it is asked. No two entries share a name. Throws `MomentLost` when it
   * stands still no more.
   */
  pages(): AsyncIterable<readonly ManifestEntry[]>
  close(): Promise<void>
}

export type ManifestOrder = {
  /** Begun already. */
  readonly manifestId: ManifestId
  /** Whatever decides on names and order, for the ETag. */
  readonly options: string
  /** Last-Modified of an archive without entries. */
  readonly emptyModifiedMs: number
}

/** Writes all pages and seals the manifest; `known` as `ManifestStore.seal` says. */
export async function writeManifest(
  manifests: Pick<ManifestStore, 'putPages' | 'seal'>,
  order: ManifestOrder,
  pages: AsyncIterable<readonly ManifestEntry[]>,
): Promise<{ readonly is: 'sealed' | 'known'; readonly manifest: Manifest }> {
  const writer = new PageWriter(manifests, order.manifestId)
  const draft = new ManifestDraft(order)
  try {
    for await (const entries of pages) {
      for (const entry of entries) {
        writer.add(entry, draft.place)
        draft.add(entry)
      }
      await writer.room()
    }
  } finally {
    // Also when something failed: no write goes on after the answer.
    await writer.end()
  }
  const sealed = await manifests.seal(order.manifestId, draft.finish())
  assert(sealed.is !== 'noSuchManifest', 'a manifest removed while it was written')
  return sealed
}

/** What the manifest comes to so far. */
class ManifestDraft {
  private readonly plan = new ZipPlan()
  private readonly crc = new ArchiveCrc32()
  private readonly etag: ArchiveEtag
  private modifiedMs: number | undefined
  private readonly order: ManifestOrder

  constructor(order: ManifestOrder) {
    this.order = order
    this.etag = new ArchiveEtag(order.options)
  }

  /** Where the next entry stands. */
  get place(): Pick<ManifestPage, 'offset' | 'centralOffset'> {
    const { offset, centralBytes } = this.plan.state
    return { offset, centralOffset: centralBytes }
  }

  add(entry: ManifestEntry): void {
    const headers = entryHeaders(entry, this.plan.add(entry))
    this.crc.add(entry, headers)
    this.etag.add(headers, entry.source?.rowId ?? '')
    this.modifiedMs = Math.max(this.modifiedMs ?? 0, entry.modifiedMs)
    if (this.plan.state.entries > entriesPerTenantMax) {
      throw new S3Error('InvalidRequest', undefined, {
        message: `An archive holds ${entriesPerTenantMax} entries at most.`,
      })
    }
  }

  finish(): ManifestSummary {
    const { entries, offset, bytes, totalBytes } = this.plan.finish()
    return {
      etag: this.etag.finish(),
      crc32: this.crc.finish({ entries, offset, bytes }),
      entries,
      totalBytes,
      directory: { offset, bytes },
      modifiedMs: this.modifiedMs ?? this.order.emptyModifiedMs,
    }
  }
}

/**
 * Cuts entries into pages and writes each as soon as it is full, several at once: what waits for the
 * disk is bytes then, and no longer a million objects that the collector would take for long-lived.
 */
class PageWriter {
  private page: { offset: number; centralOffset: number; entries: ManifestEntry[] } | undefined
  private textOfPage = 0
  private readonly underWay = new Set<Promise<void>>()
  private failure: { readonly cause: unknown } | undefined
  private readonly manifests: Pick<ManifestStore, 'putPages'>
  private readonly manifestId: ManifestId

  constructor(manifests: Pick<ManifestStore, 'putPages'>, manifestId: ManifestId) {
    this.manifests = manifests
    this.manifestId = manifestId
  }

  add(entry: ManifestEntry, place: Pick<ManifestPage, 'offset' | 'centralOffset'>): void {
    this.page ??= { ...place, entries: [] }
    this.page.entries.push(entry)
    this.textOfPage += entry.name.length + (entry.source?.key.length ?? 0)
    if (this.page.entries.length === pageEntriesMax || this.textOfPage >= pageTextMax) this.turn()
  }

  /** Waits until more may be written. Throws what a write has failed with. */
  async room(): Promise<void> {
    while (this.underWay.size >= pagesUnderWay) await Promise.race(this.underWay)
    if (this.failure !== undefined) throw this.failure.cause
  }

  /** Writes what is left and waits for all writes. */
  async end(): Promise<void> {
    this.turn()
    await Promise.all(this.underWay)
    if (this.failure !== undefined) throw this.failure.cause
  }

  private turn(): void {
    if (this.page !== undefined && this.failure === undefined) this.write(this.page)
    this.page = undefined
    this.textOfPage = 0
  }

  private write(page: ManifestPage): void {
    const writing = this.manifests
      .putPages(this.manifestId, [page])
      .then((answer) => assert(answer.is === 'done', 'a manifest removed while it was written'))
      .catch((cause: unknown) => {
        this.failure ??= { cause }
      })
      .finally(() => this.underWay.delete(writing))
    this.underWay.add(writing)
  }
}
