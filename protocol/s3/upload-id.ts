// The upload ids that clients may send: what this server has issued.
import { S3Error } from './s3-error.ts'

const issued = /^[0-9a-f]{32}$/

/** 32 lower-case hex digits. Fits `UploadId` of the metadata records. */
export type UploadIdText = string & { readonly __brand: 'UploadId' }

/** Whether this server can have issued the id. */
export function isUploadId(raw: string): raw is UploadIdText {
  return issued.test(raw)
}

/** Throws `NoSuchUpload` for text that this server cannot have issued. */
export function parseUploadId(raw: string | undefined): UploadIdText {
  if (raw !== undefined && isUploadId(raw)) return raw
  throw noSuchUpload(raw ?? '')
}

export function noSuchUpload(uploadId: string): S3Error {
  return new S3Error('NoSuchUpload', { UploadId: uploadId })
}
