// The AWS SDK for JavaScript pointed at the server, as its users would do it.
import assert from 'node:assert'
import { S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3'
import { type ClientServer, clientKey, clientRegion } from './client-server.ts'

export function sdkFor(server: ClientServer, options: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: clientRegion,
    credentials: clientKey,
    forcePathStyle: true,
    // A retry would hide an answer that should not have been.
    maxAttempts: 1,
    ...options,
  })
}

/** What the SDK calls an error whose reply has no body to name it. */
export const withoutBody = 'Unknown'

/** Fails unless the SDK rejects with that error name and status. */
export async function rejectsWith(
  promise: Promise<unknown>,
  name: string,
  status: number,
): Promise<S3ServiceException> {
  try {
    await promise
  } catch (cause) {
    assert.ok(cause instanceof S3ServiceException, String(cause))
    assert.deepStrictEqual([cause.name, cause.$metadata.httpStatusCode], [name, status])
    return cause
  }
  assert.fail(`${name} was expected and the request succeeded`)
}

/** The whole body of a GetObject. */
export async function bodyOf(reply: {
  Body?: { transformToByteArray(): Promise<Uint8Array> } | undefined
}): Promise<Buffer> {
  assert.ok(reply.Body !== undefined, 'the reply has a body')
  return Buffer.from(await reply.Body.transformToByteArray())
}
