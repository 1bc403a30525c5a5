// Bundles as bytes.
import { isS3ErrorCode } from '../../protocol/s3/s3-error.ts'
import type { Bundle, Gathering, GatheringState } from '../bundle-store.ts'
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
  RecordCorrupt,
  text,
  word,
} from './record-frame.ts'

/** In their order in the record and in keys: append, never reorder. */
export const gatheringStates: readonly GatheringState['is'][] = ['queued', 'running']

/** Bundles of format 1 were always ready, and had no revision. */
const migrations: readonly Migration[] = [(fields) => [...fields, 1]]

export function encodeBundle(bundle: Bundle): Buffer {
  const { gathering, failure } = bundle
  return encodeRecord(2, [
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
    gathering && gatheringFields(gathering),
    failure && [failure.manifestId, failure.code, failure.message],
  ])
}

export function parseBundle(bytes: Uint8Array): Bundle {
  const fields = decodeRecord('bundle', bytes, migrations)
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
    revision: count(fields, 12),
    ...(fields[13] == null ? {} : { gathering: parseGathering(array(fields, 13)) }),
    ...(fields[14] == null ? {} : { failure: parseFailure(array(fields, 14)) }),
  }
}

function gatheringFields({ manifestId, sealedSources, attempts, state }: Gathering): Fields {
  const notBeforeMs = state.is === 'queued' ? state.notBeforeMs : 0
  return [manifestId, sealedSources, attempts, gatheringStates.indexOf(state.is), notBeforeMs]
}

function parseGathering(fields: Fields): Gathering {
  const is = word(gatheringStates, fields, 3)
  return {
    manifestId: id(parseManifestId, fields, 0),
    sealedSources: bytesAt(fields, 1),
    attempts: count(fields, 2),
    state: is === 'queued' ? { is, notBeforeMs: count(fields, 4) } : { is },
  }
}

function parseFailure(fields: Fields): NonNullable<Bundle['failure']> {
  const code = text(fields, 1)
  if (!isS3ErrorCode(code)) throw new RecordCorrupt(`bundle: no error is called ${code}`)
  return { manifestId: id(parseManifestId, fields, 0), code, message: text(fields, 2) }
}
