// HeadZip, ours: what GetZip would say, without the bytes.
import type { ZipService } from '../../zip/zip-service.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { servePrefix } from '../read/serve-prefix.ts'

export function makeHeadZip(zip: ZipService): Operation<ObjectCall> {
  return (call) => servePrefix(zip, call, 'HEAD')
}
