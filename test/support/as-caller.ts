// One request as somebody else sends it: signed with other credentials, or with none.
import type { OperationName } from '../../protocol/s3/operations-table.ts'
import type { SigningCredentials } from '../../protocol/s3/sigv4/sign-request.ts'
import { type OperationRequest, type Place, requestsOfOperations } from './operation-requests.ts'
import type { RawResponse } from './raw-connection.ts'
import { signedForm } from './signed-form.ts'
import { codeOf, exchange, exchangeBytes, signingContext } from './wire-request.ts'

export type Caller = SigningCredentials | 'anonymous'

/** The request of an operation at a place, sent by a caller. */
export async function askAs(caller: Caller, name: OperationName, place: Place): Promise<string> {
  const request = await requestsOfOperations[name](place)
  return outcomeOf(await send(caller, place, request))
}

async function send(
  caller: Caller,
  { port, bucket }: Place,
  request: OperationRequest,
): Promise<RawResponse> {
  if ('form' in request) return exchangeBytes(port, formOf(caller, bucket), 'POST')
  const { method = 'GET', target, headers = {}, body } = request
  if (caller !== 'anonymous') {
    return exchange(port, { ...request, context: signingContext({ credentials: caller }) })
  }
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ host: 's3.test', ...length, ...headers })
  const head = lines.map(([key, value]) => `${key}: ${value}\r\n`).join('')
  const bytes = Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`)
  return exchangeBytes(port, Buffer.concat([bytes, Buffer.from(body ?? '')]), method)
}

function formOf(caller: Caller, bucket: string): Buffer {
  if (caller !== 'anonymous') {
    return signedForm({ bucket, fields: { key: 'form' }, credentials: caller })
  }
  const part = (head: string, text: string) =>
    `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`
  const body = `${part('name="key"', 'form')}${part('name="file"; filename="a"', 'of a form')}--b--\r\n`
  const head = `POST /${bucket} HTTP/1.1\r\nhost: s3.test\r\ncontent-type: multipart/form-data; boundary=b\r\n`
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** `allowed`, or the code of the refusal; of HEAD, which tells none, the status. */
function outcomeOf(response: RawResponse): string {
  const code = codeOf(response)
  // DeleteObjects tells of each key, in an answer that is no refusal.
  if (response.status < 300 && code === 'none') return 'allowed'
  if (code !== 'none') return code
  return response.status === 403 ? 'AccessDenied' : String(response.status)
}
