// `holdfast zip … --archive BUCKET/KEY`: asks for an archive job and waits until it is over.
import { setTimeout as sleep } from 'node:timers/promises'
import { Patience } from './network-failure.ts'
import type { ProgressLine } from './progress-line.ts'
import { Refused, type SignedClient } from './signed-client.ts'

export type ZipArchive = {
  readonly client: SignedClient
  readonly request: Readonly<Record<string, unknown>>
  readonly progress: ProgressLine | undefined
}

type Job = {
  readonly id: string
  readonly state: string
  readonly error: string | undefined
  readonly url: string | undefined
  readonly progress: {
    readonly bytes: number
    readonly totalBytes: number
    readonly entries: number
    readonly totalEntries: number
  }
}

const askEveryMs = 500

export type Stored = {
  /** Valid for 7 days or until the archive expires. */
  readonly url: string
  readonly bytes: number
  readonly entries: number
}

/** Throws `Refused`, and what the network throws in the end. */
export async function storeZip({ client, request, progress }: ZipArchive): Promise<Stored> {
  let job = parseJob(await client.json({ method: 'POST', target: '/-/archives', json: request }))
  const patience = new Patience()
  while (job.state === 'queued' || job.state === 'running') {
    progress?.show(job.progress)
    await sleep(askEveryMs)
    try {
      job = parseJob(await client.json({ method: 'GET', target: `/-/archives/${job.id}` }))
      patience.renew()
    } catch (cause) {
      await patience.waitOut(cause, () =>
        progress?.say('The server does not answer. Trying again.'),
      )
    }
  }
  progress?.show(job.progress, { isLast: true })
  if (job.state === 'done' && job.url !== undefined) {
    return { url: job.url, bytes: job.progress.totalBytes, entries: job.progress.totalEntries }
  }
  throw new Refused(`The archive job ${job.id} is ${job.state}. ${job.error ?? ''}`.trim())
}

function parseJob(raw: Readonly<Record<string, unknown>>): Job {
  const { id, state, error, url, progress } = raw
  if (typeof id !== 'string' || typeof state !== 'string' || typeof progress !== 'object') {
    throw new Refused('The server does not answer as Holdfast does')
  }
  const numbers = new Map(Object.entries(progress ?? {}))
  const number = (name: string) => Number(numbers.get(name) ?? 0)
  return {
    id,
    state,
    error: typeof error === 'string' ? error : undefined,
    url: typeof url === 'string' ? url : undefined,
    progress: {
      bytes: number('bytes'),
      totalBytes: number('totalBytes'),
      entries: number('entries'),
      totalEntries: number('totalEntries'),
    },
  }
}
