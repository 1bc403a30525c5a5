// HeadBucketZip, ours: what GetBucketZip would say, without the bytes.
import type { ZipService } from '../../zip/zip-service.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { servePrefix } from '../read/serve-prefix.ts'

export function makeHeadBucketZip(zip: ZipService): Operation<BucketCall> {
  return (call) => servePrefix(zip, call, 'HEAD')
}
