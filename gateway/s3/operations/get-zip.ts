// GetZip, ours: what is below a prefix as one zip, asked for by the path (docs/zip.md).
import type { ZipService } from '../../zip/zip-service.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { servePrefix } from '../read/serve-prefix.ts'

export function makeGetZip(zip: ZipService): Operation<ObjectCall> {
  return (call) => servePrefix(zip, call, 'GET')
}
