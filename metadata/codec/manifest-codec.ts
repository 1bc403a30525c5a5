// Heads of manifests as bytes. Their pages: `manifest-page-codec.ts`.
import type { Manifest, ManifestSummary } from '../manifest-store.ts'
import { parseManifestId, parseTenantId } from '../record-ids.ts'
import { count, decodeRecord, encodeRecord, id, RecordCorrupt, text, word } from './record-frame.ts'

type Begun = Omit<Manifest, keyof ManifestSummary>

/** `open`: not sealed. `removed`: found by nobody, pages of it may be left. */
export type ManifestHead = Begun &
  (
    | { readonly state: 'open' | 'removed' }
    | { readonly state: 'sealed'; readonly summary: ManifestSummary }
  )

const states: readonly ManifestHead['state'][] = ['open', 'sealed', 'removed']

export function encodeManifestHead(head: ManifestHead): Buffer {
  const { manifestId, tenantId, scope, createdMs, usedMs, state } = head
  const begun = [states.indexOf(state), manifestId, tenantId, scope, createdMs, usedMs]
  if (head.state !== 'sealed') return encodeRecord(1, begun)
  const { etag, crc32, entries, totalBytes, directory, modifiedMs } = head.summary
  const sealed = [etag, crc32, entries, totalBytes, directory.offset, directory.bytes, modifiedMs]
  return encodeRecord(1, [...begun, ...sealed])
}

export function parseManifestHead(bytes: Uint8Array): ManifestHead {
  const fields = decodeRecord('manifest', bytes)
  const state = word(states, fields, 0)
  const begun = {
    manifestId: id(parseManifestId, fields, 1),
    tenantId: id(parseTenantId, fields, 2),
    scope: text(fields, 3),
    createdMs: count(fields, 4),
    usedMs: count(fields, 5),
  }
  if (state !== 'sealed') return { ...begun, state }
  const summary = {
    etag: text(fields, 6),
    crc32: count(fields, 7),
    entries: count(fields, 8),
    totalBytes: count(fields, 9),
    directory: { offset: count(fields, 10), bytes: count(fields, 11) },
    modifiedMs: count(fields, 12),
  }
  return { ...begun, state, summary }
}

/** The manifest of a sealed head. */
export function manifestOf(head: ManifestHead): Manifest {
  if (head.state !== 'sealed') throw new RecordCorrupt(`manifest ${head.manifestId} is not sealed`)
  const { summary, state: _, ...begun } = head
  return { ...begun, ...summary }
}
