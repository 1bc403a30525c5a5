// GetBucketZip, ours: what is in a bucket, or below `?prefix=`, as one zip (docs/zip.md).
import type { ZipService } from '../../zip/zip-service.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { servePrefix } from '../read/serve-prefix.ts'

export function makeGetBucketZip(zip: ZipService): Operation<BucketCall> {
  return (call) => servePrefix(zip, call, 'GET')
}
