// One large object up and down at a time, as fast as the server takes and gives it.
import { randomBytes } from 'node:crypto'
import type { SigningContext } from '../../protocol/s3/sigv4/sign-request.ts'
import { runLoad } from './http-load.ts'
import { preparedRequest } from './prepared-requests.ts'
import { cpuSeconds } from './process-figures.ts'
import type { Spawned } from './spawned-server.ts'

export type TransferFigures = {
  readonly gigabytesPerSecond: number
  /** Of the server process. */
  readonly cpuSecondsPerGigabyte: number
}

export type Target = {
  readonly server: Spawned
  readonly host: string
  readonly signing: SigningContext
}

const mib = 1024 * 1024
const rounds = 12

/** Every upload has other bytes, so that nothing is spared by deduplication. */
export function putLarge(
  target: Target,
  options: { readonly mebibytes: number; readonly payload: 'signed' | 'unsigned' },
): Promise<TransferFigures> {
  const body = randomBytes(options.mebibytes * mib)
  return transfer(target, options.mebibytes, (index) => {
    for (let at = 0; at < body.length; at += mib) body.writeUInt32BE(index + 1, at)
    return preparedRequest(
      {
        method: 'PUT',
        target: `/bench-large/${options.payload}-${index}`,
        body,
        ...(options.payload === 'unsigned' ? { payloadHash: 'UNSIGNED-PAYLOAD' } : {}),
      },
      target.host,
      target.signing,
    )
  })
}

export function getLarge(target: Target, mebibytes: number): Promise<TransferFigures> {
  const request = preparedRequest(
    { method: 'GET', target: '/bench-large/signed-0' },
    target.host,
    target.signing,
  )
  return transfer(target, mebibytes, () => request)
}

async function transfer(
  { server }: Target,
  mebibytes: number,
  request: (index: number) => Buffer,
): Promise<TransferFigures> {
  const prepared = Array.from({ length: rounds }, (_, index) => index)
  let seconds = 0
  let cpu = 0
  for (const index of prepared) {
    const bytes = request(index)
    const before = cpuSeconds(server.pid)
    const result = await runLoad({
      port: server.port,
      connections: 1,
      requests: 1,
      seconds: 60,
      request: () => bytes,
    })
    if (index < 2) continue
    seconds += result.seconds
    cpu += cpuSeconds(server.pid) - before
  }
  const gigabytes = ((rounds - 2) * mebibytes * mib) / 1e9
  return { gigabytesPerSecond: gigabytes / seconds, cpuSecondsPerGigabyte: cpu / gigabytes }
}
