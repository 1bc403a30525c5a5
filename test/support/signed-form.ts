// A browser's form as bytes, signed for the test servers. Values may be text (sent as UTF-8) or bytes.
import { createHmac } from 'node:crypto'
import type { SigningCredentials } from '../../protocol/s3/sigv4/sign-request.ts'
import { deriveSigningKey } from '../../protocol/s3/sigv4/signing-keys.ts'
import { serverKey, serverRegion } from './start-server.ts'

export type SignedForm = {
  readonly bucket: string
  readonly fields: Readonly<Record<string, string | Buffer>>
  readonly file?: Buffer
  /** The header lines of the file's part; `Content-Disposition` with a plain name unless given. */
  readonly fileHead?: Buffer | string
  /** Default: those of the root user. */
  readonly credentials?: SigningCredentials
}

const boundary = 'form-of-a-test'
const plainHead = 'Content-Disposition: form-data; name="file"; filename="a.txt"'

/** The request as it goes over the wire. */
export function signedForm(form: SignedForm): Buffer {
  const body = Buffer.concat([
    ...Object.entries(signFields(form)).flatMap(([name, value]) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}\r\n`),
    Buffer.from(form.fileHead ?? plainHead),
    Buffer.from('\r\n\r\n'),
    form.file ?? Buffer.from('of a form'),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  const head = [
    `POST /${form.bucket} HTTP/1.1`,
    'Host: s3.test',
    `Content-Type: multipart/form-data; boundary=${boundary}`,
    `Content-Length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}

function signFields({
  bucket,
  fields,
  credentials = { ...serverKey, region: serverRegion },
}: SignedForm): Readonly<Record<string, string | Buffer>> {
  const now = new Date()
  const amzDate = `${now.toISOString().replace(/[-:]|\.\d+/g, '')}`
  const credential = `${credentials.accessKeyId}/${amzDate.slice(0, 8)}/${serverRegion}/s3/aws4_request`
  const own = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': credential,
    'x-amz-date': amzDate,
    ...(credentials.sessionToken === undefined
      ? {}
      : { 'x-amz-security-token': credentials.sessionToken }),
  }
  const names = [...Object.keys(fields), ...Object.keys(own)]
  const policy = {
    expiration: new Date(now.getTime() + 600_000).toISOString(),
    conditions: [{ bucket }, ...names.map((name) => ['starts-with', `$${name}`, ''])],
  }
  const encoded = Buffer.from(JSON.stringify(policy)).toString('base64')
  const key = deriveSigningKey(credentials.secretAccessKey, {
    date: amzDate.slice(0, 8),
    region: serverRegion,
  })
  const signature = createHmac('sha256', key).update(encoded).digest('hex')
  return { ...fields, ...own, policy: encoded, 'x-amz-signature': signature }
}
