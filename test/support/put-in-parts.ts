// Puts an object as a multipart upload, through the operations themselves.
import assert from 'node:assert'
import { completeMultipartUpload } from '../../gateway/s3/operations/complete-multipart-upload.ts'
import { createMultipartUpload } from '../../gateway/s3/operations/create-multipart-upload.ts'
import { uploadPart } from '../../gateway/s3/operations/upload-part.ts'
import { type GatewayHarness, headerOf } from './gateway-harness.ts'

export async function putInParts(
  harness: GatewayHarness,
  object: { readonly bucket: string; readonly key: string },
  parts: readonly Buffer[],
): Promise<void> {
  const created = await harness.run(createMultipartUpload, { ...object, query: 'uploads' })
  const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(String(created.body))?.[1]
  assert(uploadId !== undefined, 'the upload has an id')
  let list = ''
  for (const [index, body] of parts.entries()) {
    const query = `partNumber=${index + 1}&uploadId=${uploadId}`
    const reply = await harness.run(uploadPart, { ...object, query, body })
    list += `<Part><PartNumber>${index + 1}</PartNumber><ETag>${headerOf(reply, 'ETag')}</ETag></Part>`
  }
  const completed = await harness.run(completeMultipartUpload, {
    ...object,
    query: `uploadId=${uploadId}`,
    body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`,
  })
  assert.equal(completed.status, 200)
}
