// The answer of CreateMultipartUpload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
import { element, s3Document } from './xml-writer.ts'

export function renderInitiateMultipartUpload(upload: {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
}): string {
  return s3Document(
    'InitiateMultipartUploadResult',
    element('Bucket', upload.bucket),
    element('Key', upload.key),
    element('UploadId', upload.uploadId),
  )
}
