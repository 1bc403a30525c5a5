// The AWS SDK's client of IAM pointed at the server, as its users would do it.
import assert from 'node:assert'
import { IAMClient, IAMServiceException } from '@aws-sdk/client-iam'
import { type ClientServer, clientKey, clientRegion } from './client-server.ts'

export function iamFor(
  { endpoint }: Pick<ClientServer, 'endpoint'>,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } = clientKey,
): IAMClient {
  // A retry would hide an answer that should not have been.
  return new IAMClient({ endpoint, region: clientRegion, credentials, maxAttempts: 1 })
}

/** Fails unless IAM refuses with that code and status. `code` as IAM's pages of errors have it. */
export async function refusedByIam(
  promise: Promise<unknown>,
  code: string,
  status: number,
): Promise<IAMServiceException> {
  try {
    await promise
  } catch (cause) {
    assert.ok(cause instanceof IAMServiceException, String(cause))
    // The SDK calls some of them by longer names.
    const name = cause.name.replace(/Exception$/, '')
    assert.deepStrictEqual([name, cause.$metadata.httpStatusCode], [code, status])
    return cause
  }
  assert.fail(`${code} was expected and the request succeeded`)
}
