// Asks for an object of another S3 server, by AWS's client. It is loaded when the first one is asked for,
// since most servers never do.
import { Readable } from 'node:stream'
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { errorBytesMax } from '../bundle-limits.ts'
import { describeSource, type OpenedSource, type S3Source } from './external-source.ts'
import { NoPlainAgent } from './guarded-agent.ts'
import type { Asking } from './open-url.ts'
import { failedAnswer, failedConnection } from './source-failure.ts'

/** Throws `SourceFailure`. */
export async function openS3(source: S3Source, asking: Asking): Promise<OpenedSource> {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const { bucket: Bucket, key: Key, versionId } = source
  // It is not destroyed: that would cut the body off, and the agent keeps nothing that is done with.
  const client = new S3Client(clientOptions(source, asking))
  boundErrors(client)
  const wanted = { Bucket, Key, ...(versionId === undefined ? {} : { VersionId: versionId }) }
  try {
    const options = { abortSignal: asking.signal }
    return openedBy(await client.send(new GetObjectCommand(wanted), options))
  } catch (cause) {
    throw failureOf(source, cause)
  }
}

function clientOptions(source: S3Source, { agent, plainAgent }: Asking) {
  const { endpoint, region, credentials } = source
  return {
    region,
    credentials,
    // Attempts are counted by whoever gathers.
    maxAttempts: 1,
    requestHandler: { httpsAgent: agent, httpAgent: plainAgent ?? new NoPlainAgent() },
    ...(endpoint === undefined
      ? { followRegionRedirects: true }
      : { endpoint: endpoint.origin, forcePathStyle: true }),
  }
}

/** The client reads what it takes for an error document whole: no source may send one without end. */
function boundErrors({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { response } = result
      if (isFailed(response) && response.body instanceof Readable) {
        response.body = Readable.from(beginning(response.body, errorBytesMax))
      }
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'boundErrors' },
  )
}

function isFailed(response: unknown): response is { body: unknown } {
  return (
    typeof response === 'object' &&
    response !== null &&
    'body' in response &&
    'statusCode' in response &&
    Number(response.statusCode) >= 300
  )
}

async function* beginning(body: Readable, bytesMax: number): AsyncGenerator<Buffer, void, void> {
  let left = bytesMax
  for await (const piece of body) {
    const bytes = Buffer.from(piece).subarray(0, left)
    yield bytes
    left -= bytes.length
    if (left === 0) return
  }
}

function openedBy({ Body, ContentLength, LastModified }: GetObjectCommandOutput): OpenedSource {
  if (!(Body instanceof Readable)) throw new TypeError('a body that is no stream')
  return { body: Body, bytes: ContentLength, modifiedMs: LastModified?.getTime() }
}

/** The client's errors hold the request: nothing of them but code and status goes on. */
function failureOf(source: S3Source, cause: unknown): Error {
  const name = describeSource(source)
  const status = statusOf(cause)
  if (status === undefined) return failedConnection(name, 'could not be fetched', cause)
  const code = cause instanceof Error && /^[A-Za-z0-9.]{1,64}$/.test(cause.name) ? cause.name : ''
  return failedAnswer(name, code === '' ? String(status) : `${status} ${code}`, status)
}

/** Of an answer, if there was one. */
function statusOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('$metadata' in cause)) return undefined
  const metadata = cause.$metadata
  if (typeof metadata !== 'object' || metadata === null) return undefined
  const status = 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined
  return typeof status === 'number' ? status : undefined
}
