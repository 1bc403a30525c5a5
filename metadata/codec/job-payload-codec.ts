// What jobs of each kind have, as bytes: a record of its own, with formats of its own.
import {
  type ArchivePayload,
  archiveSizeClasses,
  type GatheringPayload,
  type JobKind,
  type JobPayloads,
  type TenantRemovalPayload,
} from '../job-kinds.ts'
import { parseBundleId, parseManifestId, parseUploadId, parseVersionId } from '../record-ids.ts'
import {
  array,
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  id,
  optionalText,
  text,
  word,
} from './record-frame.ts'

type PayloadCodec<Payload> = {
  encode(payload: Payload): Buffer
  parse(bytes: Uint8Array): Payload
}

const archive: PayloadCodec<ArchivePayload> = {
  encode: ({ result, ...payload }) =>
    encodeRecord(1, [
      payload.bucketName,
      payload.prefix,
      payload.windows ? 1 : 0,
      payload.destination.bucketName,
      payload.destination.key,
      payload.lifeMs,
      payload.manifestId,
      payload.etag,
      payload.totalEntries,
      payload.totalBytes,
      archiveSizeClasses.indexOf(payload.sizeClass),
      payload.uploadId,
      result && [result.versionId, result.objectEtag, result.expiresMs],
      payload.askedBy,
    ]),

  parse: (bytes) => {
    const fields = decodeRecord('archive job', bytes)
    const hasUpload = optionalText(fields, 11) !== undefined
    const askedBy = optionalText(fields, 13)
    return {
      bucketName: text(fields, 0),
      prefix: text(fields, 1),
      windows: count(fields, 2) === 1,
      destination: { bucketName: text(fields, 3), key: text(fields, 4) },
      lifeMs: count(fields, 5),
      manifestId: id(parseManifestId, fields, 6),
      etag: text(fields, 7),
      totalEntries: count(fields, 8),
      totalBytes: count(fields, 9),
      sizeClass: word(archiveSizeClasses, fields, 10),
      ...(hasUpload ? { uploadId: id(parseUploadId, fields, 11) } : {}),
      ...(fields[12] == null ? {} : { result: parseResult(array(fields, 12)) }),
      ...(askedBy === undefined ? {} : { askedBy }),
    }
  },
}

function parseResult(fields: readonly unknown[]): NonNullable<ArchivePayload['result']> {
  return {
    versionId: id(parseVersionId, fields, 0),
    objectEtag: text(fields, 1),
    expiresMs: count(fields, 2),
  }
}

const gathering: PayloadCodec<GatheringPayload> = {
  encode: ({ bundleId, sealedSources, askedBy }) =>
    encodeRecord(1, [bundleId, sealedSources, askedBy]),
  parse: (bytes) => {
    const fields = decodeRecord('gathering', bytes)
    const askedBy = optionalText(fields, 2)
    return {
      bundleId: id(parseBundleId, fields, 0),
      sealedSources: bytesAt(fields, 1),
      ...(askedBy === undefined ? {} : { askedBy }),
    }
  },
}

const nothing: PayloadCodec<Readonly<Record<string, never>>> = {
  encode: () => encodeRecord(1, []),
  parse: (bytes) => {
    decodeRecord('job without a payload', bytes)
    return {}
  },
}

const tenantRemoval: PayloadCodec<TenantRemovalPayload> = {
  encode: ({ deleteAfterMs }) => encodeRecord(1, [deleteAfterMs]),
  parse: (bytes) => ({ deleteAfterMs: count(decodeRecord('removal of a tenant', bytes), 0) }),
}

const codecs: { readonly [K in JobKind]: PayloadCodec<JobPayloads[K]> } = {
  archive,
  gathering,
  sweeps: nothing,
  tenantRemoval,
}

export function encodePayload<K extends JobKind>(kind: K, payload: JobPayloads[K]): Buffer {
  return codecs[kind].encode(payload)
}

export function parsePayload<K extends JobKind>(kind: K, bytes: Uint8Array): JobPayloads[K] {
  return codecs[kind].parse(bytes)
}
