// Makes what was received a part of its upload: the last step of UploadPart and UploadPartCopy.
import type { Checksum, Part, Upload } from '../../../metadata/records.ts'
import { defaultUploadChecksum } from '../../../protocol/s3/multipart-checksum.ts'
import type { PartNumber } from '../../../protocol/s3/part-number.ts'
import { noSuchUpload } from '../../../protocol/s3/upload-id.ts'
import type { StagedData } from '../../data/write/staged-data.ts'
import type { ObjectCall } from '../operation.ts'

export type ReceivedPart = {
  readonly number: PartNumber
  readonly piece: StagedData
  readonly checksum: Pick<Checksum, 'algorithm' | 'value'>
}

export type CommittedPart = {
  /** Hex MD5, without quotes. */
  readonly etag: string
  readonly modifiedMs: number
}

/** Throws `NoSuchUpload` when the upload was completed or aborted meanwhile; nothing is kept then. */
export async function commitPart(
  call: ObjectCall,
  upload: Upload,
  received: ReceivedPart,
): Promise<CommittedPart> {
  const { piece, number } = received
  const { algorithm, value } = received.checksum
  const etag = piece.md5.toString('hex')
  const modifiedMs = call.services.now()
  const outcome = await piece.commit((data) =>
    call.services.metadata.uploads.commitPart(call.bucket, upload, {
      number,
      size: piece.size,
      etag,
      crc32: piece.crc32,
      checksum: { algorithm, value },
      ...defaultChecksum(upload, received),
      modifiedMs,
      data,
    }),
  )
  if (outcome.is === 'noSuchUpload') throw noSuchUpload(upload.uploadId)
  return { etag, modifiedMs }
}

/** Of parts that came with another checksum than their object will have. */
function defaultChecksum(
  upload: Upload,
  { piece, checksum }: ReceivedPart,
): Pick<Part, 'crc64nvme'> {
  const { algorithm } = defaultUploadChecksum
  if (upload.checksum !== undefined || checksum.algorithm === algorithm) return {}
  return { crc64nvme: piece.digest(algorithm).toString('base64') }
}
