// What a bundle looks like in JSON. The URL and the secret are told once, when it is made.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'

export function describeBundle(bundle: Bundle, manifest: Manifest | undefined) {
  return {
    id: bundle.bundleId,
    bucket: bundle.bucketName,
    fileName: bundle.fileName,
    options: { windows: bundle.windows },
    created: new Date(bundle.createdMs).toISOString(),
    expires: new Date(bundle.expiresMs).toISOString(),
    ...(manifest === undefined ? {} : describeArchive(manifest)),
  }
}

export function describeArchive(manifest: Manifest) {
  return {
    etag: manifest.etag,
    entries: manifest.entries,
    bytes: manifest.totalBytes,
    crc32: manifest.crc32.toString(16).padStart(8, '0'),
  }
}
