// The steps of a multipart upload, through the operations themselves.
import assert from 'node:assert'
import type { Reply } from '../../gateway/reply.ts'
import { completeMultipartUpload } from '../../gateway/s3/operations/complete-multipart-upload.ts'
import { createMultipartUpload } from '../../gateway/s3/operations/create-multipart-upload.ts'
import { uploadPart } from '../../gateway/s3/operations/upload-part.ts'
import type { S3Error } from '../../protocol/s3/s3-error.ts'
import { type GatewayHarness, type HarnessRequest, headerOf } from './gateway-harness.ts'

export type Headers = Readonly<Record<string, string>>
/** A part as a completion names it; `checksum` is XML. */
export type NamedPart = {
  readonly number: number
  readonly etag: string
  readonly checksum?: string
}

/** An upload begun: its requests need no address. */
export class MultipartClient {
  readonly uploadId: string
  private readonly harness: GatewayHarness
  private readonly target: { readonly bucket: string; readonly key: string }

  private constructor(
    harness: GatewayHarness,
    target: { bucket: string; key: string },
    id: string,
  ) {
    this.harness = harness
    this.target = target
    this.uploadId = id
  }

  static async begin(
    harness: GatewayHarness,
    target: { readonly bucket: string; readonly key: string },
    headers: Headers = {},
  ): Promise<MultipartClient> {
    const reply = await harness.run(createMultipartUpload, { ...target, query: 'uploads', headers })
    return new MultipartClient(harness, target, element(reply, 'UploadId'))
  }

  /** The request for an operation on this upload; `query` is added to its id. */
  request(query: string, more: Partial<HarnessRequest> = {}): HarnessRequest {
    return { ...this.target, query: `uploadId=${this.uploadId}${query}`, ...more }
  }

  async put(number: number, body: Buffer, headers: Headers = {}): Promise<NamedPart> {
    const request = this.request(`&partNumber=${number}`, { body, headers })
    const reply = await this.harness.run(uploadPart, request)
    return { number, etag: headerOf(reply, 'etag') ?? '' }
  }

  complete(parts: readonly NamedPart[], headers: Headers = {}): Promise<Reply> {
    return this.harness.run(completeMultipartUpload, this.completion(parts, headers))
  }

  completeRefused(parts: readonly NamedPart[], headers: Headers = {}): Promise<S3Error> {
    return this.harness.refusal(completeMultipartUpload, this.completion(parts, headers))
  }

  private completion(parts: readonly NamedPart[], headers: Headers): HarnessRequest {
    const list = parts.map(
      ({ number, etag, checksum = '' }) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${checksum}</Part>`,
    )
    const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`
    return this.request('', { body, headers })
  }
}

/** The text of the first element of that name in a reply's document. */
export function element(reply: Reply, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(String(reply.body))?.[1]
  assert(found !== undefined, `no ${name} in ${String(reply.body)}`)
  return found
}

/** The text of all elements of that name. */
export function elements(reply: Reply, name: string): readonly string[] {
  const found = String(reply.body).matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))
  return [...found].map((match) => match[1] ?? '')
}
