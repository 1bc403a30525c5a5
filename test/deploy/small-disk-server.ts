// A server on a small disk, as the tests of full and of read-only disks start it.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SmallDisk } from '../support/small-disk.ts'
import { serverKey } from '../support/start-server.ts'
import { StartedServer } from '../support/started-server.ts'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
export const smallDiskBytes = 160 * 1024 * 1024

/** `port`: 0 for a free one. */
export function beginOnDisk(
  { path }: Pick<SmallDisk, 'path'>,
  { port = 0, workers = 2 }: { readonly port?: number; readonly workers?: number } = {},
): StartedServer {
  return new StartedServer({
    program,
    argv: [
      ...['server', '--data', join(path, 'data'), '--workers', String(workers)],
      ...['--listen', `127.0.0.1:${port}`, '--admin-listen', '127.0.0.1:0'],
    ],
    env: {
      HOLDFAST_ROOT_ACCESS_KEY: serverKey.accessKeyId,
      HOLDFAST_ROOT_SECRET_KEY: serverKey.secretAccessKey,
    },
  })
}
