// The client's side of aws-chunked, for tests: cuts data into chunks and signs them when told to.
import { createHash } from 'node:crypto'
import { chunkSignature, trailerSignature } from '../../../../protocol/s3/sigv4/chunk-signatures.ts'
import type { ChunkSigning } from '../../../../protocol/s3/sigv4/signed-request.ts'

export type ChunkedPlan = {
  /** One chunk each; none may be empty. */
  readonly chunks: readonly Buffer[]
  readonly signing?: ChunkSigning | undefined
  readonly trailers?: Readonly<Record<string, string>> | undefined
}

export function encodeAwsChunked(plan: ChunkedPlan): Buffer {
  const pieces: Buffer[] = []
  let previous = plan.signing?.seedSignature ?? ''
  for (const chunk of [...plan.chunks, Buffer.alloc(0)]) {
    let header = chunk.length.toString(16)
    if (plan.signing !== undefined) {
      const digest = createHash('sha256').update(chunk).digest('hex')
      previous = chunkSignature(plan.signing, previous, digest)
      header += `;chunk-signature=${previous}`
    }
    pieces.push(Buffer.from(`${header}\r\n`), chunk)
    if (chunk.length > 0) pieces.push(Buffer.from('\r\n'))
  }
  let canonical = ''
  for (const [name, value] of Object.entries(plan.trailers ?? {})) {
    pieces.push(Buffer.from(`${name}:${value}\r\n`))
    canonical += `${name}:${value}\n`
  }
  if (plan.signing !== undefined && plan.trailers !== undefined) {
    const signature = trailerSignature(plan.signing, previous, canonical)
    pieces.push(Buffer.from(`x-amz-trailer-signature:${signature}\r\n`))
  }
  pieces.push(Buffer.from('\r\n'))
  return Buffer.concat(pieces)
}
