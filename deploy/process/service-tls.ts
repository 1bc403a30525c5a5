// Certificate, key and authorities of a service that other parts of a cluster call.
import { readFile } from 'node:fs/promises'
import type { TlsPaths } from '../../gateway/config/take-tls.ts'
import type { ServiceTls } from '../../protocol/cluster/service-server.ts'
import type { Print } from './serving.ts'
import { readTlsFiles } from './tls-files.ts'

type ServiceTlsPaths = TlsPaths & { readonly caFile?: string }

/** Throws `BadTlsFiles`. */
export async function readServiceTls(files: ServiceTlsPaths): Promise<ServiceTls> {
  const pair = await readTlsFiles(files)
  if (files.caFile === undefined) return pair
  return { ...pair, ca: await readFile(files.caFile, 'utf8') }
}

/** On SIGHUP. Files that would not work are told about, and those in use stay. */
export function followServiceTls(
  service: { setTls(tls: ServiceTls): void },
  files: ServiceTlsPaths | undefined,
  print: Print,
): void {
  process.on('SIGHUP', () => {
    if (files === undefined) return
    readServiceTls(files).then(
      (read) => {
        service.setTls(read)
        print('Read certificate and key again.')
      },
      (cause: unknown) => print(cause instanceof Error ? cause.message : String(cause)),
    )
  })
}
