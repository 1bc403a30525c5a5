// Bundles as bytes.
import { isS3ErrorCode } from '../../protocol/s3/s3-error.ts'
import type { Bundle } from '../bundle-store.ts'
import { parseBundleId, parseManifestId, parseTenantId } from '../record-ids.ts'
import {
  array,
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  type Fields,
  id,
  type Migration,
  optionalText,
  RecordCorrupt,
  text,
} from './record-frame.ts'

const gatheringAt = 13

/**
 * Bundles of format 1 were always ready, and had no revision. In those of format 2 stood what a job knows now:
 * `lmdb/migrate-jobs.ts` makes one of it.
 */
const migrations: readonly Migration[] = [(fields) => [...fields, 1], namingManifestAlone]

function namingManifestAlone(fields: Fields): Fields {
  const [manifestId] = array(fields, gatheringAt)
  return fields.map((field, at) => (at === gatheringAt ? manifestId : field))
}

export function encodeBundle(bundle: Bundle): Buffer {
  const { gathering, failure } = bundle
  return encodeRecord(3, [
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
    bundle.revision,
    gathering,
    failure && [failure.manifestId, failure.code, failure.message],
    bundle.createdBy.session,
  ])
}

export function parseBundle(bytes: Uint8Array): Bundle {
  const fields = decodeRecord('bundle', bytes, migrations)
  const session = optionalText(fields, 15)
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
    createdBy: {
      ...{ userName: text(fields, 10), accessKeyId: text(fields, 11) },
      ...(session === undefined ? {} : { session }),
    },
    revision: count(fields, 12),
    ...(fields[gatheringAt] == null ? {} : { gathering: id(parseManifestId, fields, gatheringAt) }),
    ...(fields[14] == null ? {} : { failure: parseFailure(array(fields, 14)) }),
  }
}

function parseFailure(fields: Fields): NonNullable<Bundle['failure']> {
  const code = text(fields, 1)
  if (!isS3ErrorCode(code)) throw new RecordCorrupt(`bundle: no error is called ${code}`)
  return { manifestId: id(parseManifestId, fields, 0), code, message: text(fields, 2) }
}
