// Reads a source to its end within its limits: of bytes, of silence, of time. Where it is, and which
// addresses it may be at, is decided on the way.
import { describeSource, type ExternalSource, type OpenedSource } from './external-source.ts'
import { type AddressRules, GuardedAgent, GuardedPlainAgent } from './guarded-agent.ts'
import { openS3 } from './open-s3.ts'
import { type Asking, openUrl } from './open-url.ts'
import { failedConnection, SourceFailure } from './source-failure.ts'

export type SourceRules = {
  readonly addresses: AddressRules
  /** Of what is asked without TLS. Absent: nothing is. */
  readonly plainAddresses?: AddressRules
  readonly bytesMax: number
  readonly silenceMs: number
}

export type ExternalBody = Omit<OpenedSource, 'body'> & {
  /** Ends early with a `SourceFailure`, never short. To be read, or returned, by whoever has it. */
  readonly stream: AsyncGenerator<Buffer, void, void>
}

/** `signal`: there is no more time. Throws `SourceFailure`. */
export async function readSource(
  source: ExternalSource,
  rules: SourceRules,
  signal: AbortSignal,
): Promise<ExternalBody> {
  const { silenceMs, bytesMax, addresses, plainAddresses } = rules
  const reading = {
    name: describeSource(source),
    patience: new Patience({ silenceMs, signal }),
    bytesMax,
  }
  const asking = {
    agent: new GuardedAgent(addresses),
    plainAgent: plainAddresses && new GuardedPlainAgent(plainAddresses),
    signal: reading.patience.signal,
  }
  const opened = await reading.patience.during(open(source, asking)).catch((cause: unknown) => {
    throw failureOf(reading, cause)
  })
  const { bytes, modifiedMs } = opened
  if (bytes !== undefined && bytes > bytesMax) {
    opened.body.destroy()
    throw tooLarge(reading)
  }
  return { stream: streamOf(opened, reading), bytes, modifiedMs }
}

function open(source: ExternalSource, asking: Asking): Promise<OpenedSource> {
  switch (source.is) {
    case 'url':
      return openUrl(source, asking)
    case 's3':
      return openS3(source, asking)
    default:
      return source satisfies never
  }
}

type Reading = {
  readonly name: string
  readonly patience: Patience
  readonly bytesMax: number
}

async function* streamOf(
  { body, bytes }: OpenedSource,
  reading: Reading,
): AsyncGenerator<Buffer, void, void> {
  const { name, patience, bytesMax } = reading
  const pieces: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]()
  const stop = () => body.destroy(new Error('there is no more time'))
  patience.signal.addEventListener('abort', stop)
  let seen = 0
  try {
    if (patience.signal.aborted) stop()
    for (;;) {
      const next = await patience.during(pieces.next())
      if (next.done === true) break
      seen += next.value.byteLength
      if (seen > bytesMax) throw tooLarge(reading)
      yield Buffer.from(next.value)
    }
  } catch (cause) {
    throw failureOf(reading, cause, 'broke off')
  } finally {
    patience.signal.removeEventListener('abort', stop)
    body.destroy()
  }
  if (bytes !== undefined && seen !== bytes) throw new SourceFailure(name, 'broke off', 'transient')
}

function tooLarge({ name, bytesMax }: Reading): SourceFailure {
  return new SourceFailure(name, `has more than ${bytesMax} bytes`, 'permanent')
}

function failureOf({ name, patience }: Reading, cause: unknown, what = 'could not be fetched') {
  switch (patience.lost) {
    case 'silence':
      return new SourceFailure(name, 'says nothing any more', 'transient')
    case 'time':
      return new SourceFailure(name, 'takes too long', 'permanent')
    default:
      return failedConnection(name, what, cause)
  }
}

/**
 * How long somebody waits for a source: for each next sign of life so long, for all together until a signal
 * says that it is enough. Time in which nobody waits for it does not count.
 */
class Patience {
  private readonly silent = new AbortController()
  private readonly silenceMs: number
  /** Aborts what waits. */
  readonly signal: AbortSignal

  constructor({ silenceMs, signal }: { readonly silenceMs: number; readonly signal: AbortSignal }) {
    this.silenceMs = silenceMs
    this.signal = AbortSignal.any([this.silent.signal, signal])
  }

  /** What was waited for and did not come. Absent: nothing was. */
  get lost(): 'silence' | 'time' | undefined {
    if (this.silent.signal.aborted) return 'silence'
    return this.signal.aborted ? 'time' : undefined
  }

  /** Waits for a sign of life. */
  async during<T>(sign: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.silent.abort(), this.silenceMs)
    try {
      return await sign
    } finally {
      clearTimeout(timer)
    }
  }
}
