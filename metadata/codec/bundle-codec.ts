// Bundles as bytes.
import type { Bundle } from '../bundle-store.ts'
import { parseBundleId, parseManifestId, parseTenantId } from '../record-ids.ts'
import {
  array,
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  id,
  RecordCorrupt,
  text,
} from './record-frame.ts'

export function encodeBundle(bundle: Bundle): Buffer {
  return encodeRecord(1, [
    bundle.bundleId,
    bundle.tenantId,
    bundle.bucketName,
    bundle.fileName,
    bundle.secretHash,
    bundle.tokenHash,
    bundle.windows ? 1 : 0,
    bundle.createdMs,
    bundle.expiresMs,
    bundle.states,
    bundle.createdBy.userName,
    bundle.createdBy.accessKeyId,
  ])
}

export function parseBundle(bytes: Uint8Array): Bundle {
  const fields = decodeRecord('bundle', bytes)
  return {
    bundleId: id(parseBundleId, fields, 0),
    tenantId: id(parseTenantId, fields, 1),
    bucketName: text(fields, 2),
    fileName: text(fields, 3),
    secretHash: bytesAt(fields, 4),
    tokenHash: bytesAt(fields, 5),
    windows: count(fields, 6) === 1,
    createdMs: count(fields, 7),
    expiresMs: count(fields, 8),
    states: array(fields, 9).map((raw) => {
      const manifestId = typeof raw === 'string' ? parseManifestId(raw) : undefined
      if (manifestId === undefined) throw new RecordCorrupt('bundle: a state that is no manifest')
      return manifestId
    }),
    createdBy: { userName: text(fields, 10), accessKeyId: text(fields, 11) },
  }
}
