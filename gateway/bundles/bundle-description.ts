// What a bundle looks like in JSON. The URL and the secret are told once, when it is made.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'

/** With what its newest state comes to, if it has been ready. */
export async function describeWhole(
  { manifests }: Pick<MetadataStore, 'manifests'>,
  bundle: Bundle,
  nowMs: number,
) {
  const [newest] = bundle.states
  const manifest = newest && (await manifests.get(newest))
  return { ...describeBundle(bundle, nowMs), ...(manifest && describeArchive(manifest)) }
}

export function describeBundle(bundle: Bundle, nowMs: number) {
  const expired = nowMs >= bundle.expiresMs
  return {
    id: bundle.bundleId,
    bucket: bundle.bucketName,
    fileName: bundle.fileName,
    options: { windows: bundle.windows },
    created: new Date(bundle.createdMs).toISOString(),
    expires: new Date(bundle.expiresMs).toISOString(),
    expired,
    state: expired ? 'expired' : stateOf(bundle),
    ...(bundle.failure === undefined ? {} : { reason: bundle.failure.message }),
  }
}

function stateOf({ states, gathering }: Bundle): 'ready' | 'gathering' | 'failed' {
  if (gathering !== undefined) return 'gathering'
  return states.length > 0 ? 'ready' : 'failed'
}

function describeArchive(manifest: Manifest) {
  return {
    etag: manifest.etag,
    entries: manifest.entries,
    bytes: manifest.totalBytes,
    crc32: manifest.crc32.toString(16).padStart(8, '0'),
  }
}
