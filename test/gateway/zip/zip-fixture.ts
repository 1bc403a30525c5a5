// Zip downloads without HTTP, on the real embedded engines: puts objects, asks for archives, and takes
// them apart again.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import type { BlobStore } from '../../../datanode/blob-store.ts'
import type { Identity } from '../../../gateway/access/identity.ts'
import type { Reply } from '../../../gateway/reply.ts'
import { deleteObject } from '../../../gateway/s3/operations/delete-object.ts'
import { makeGetBucketZip } from '../../../gateway/s3/operations/get-bucket-zip.ts'
import { makeGetZip } from '../../../gateway/s3/operations/get-zip.ts'
import { makeHeadBucketZip } from '../../../gateway/s3/operations/head-bucket-zip.ts'
import { makeHeadZip } from '../../../gateway/s3/operations/head-zip.ts'
import { putObject } from '../../../gateway/s3/operations/put-object.ts'
import { ZipService } from '../../../gateway/zip/zip-service.ts'
import type { S3Error } from '../../../protocol/s3/s3-error.ts'
import { type Asked, bodyOfReply, GatewayHarness, headerOf } from '../../support/gateway-harness.ts'

export type ZipAsk = {
  /** Everything behind the bucket, as a key; with a slash at its end for a folder. */
  readonly prefix?: string
  /** Added to `zip`. */
  readonly query?: string
  /** The value of `zip`. */
  readonly form?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Who asks; the root user unless given. */
  readonly by?: Identity
}

export const bucket = 'zipped'

export class ZipFixture {
  readonly harness: GatewayHarness
  readonly zip: ZipService

  private constructor(harness: GatewayHarness, zip: ZipService) {
    this.harness = harness
    this.zip = zip
  }

  static async open(): Promise<ZipFixture> {
    const harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    return ZipFixture.over(harness)
  }

  /** A second process, so to speak, on the same stores; or one that reads its data elsewhere. */
  static over(
    harness: GatewayHarness,
    blobs: Pick<BlobStore, 'read' | 'readMany'> = harness.services.blobs,
  ): ZipFixture {
    const { metadata, now } = harness.services
    const clock = () => performance.now()
    return new ZipFixture(
      harness,
      new ZipService({ metadata, blobs, random: randomBytes, now, clock }),
    )
  }

  async put(key: string, body: Buffer | string): Promise<void> {
    await this.harness.run(putObject, { bucket, key, body })
  }

  async remove(key: string): Promise<void> {
    await this.harness.run(deleteObject, { bucket, key })
  }

  async ask(ask: ZipAsk = {}): Promise<Reply> {
    return this.harness.run(this.handlerOf('GET', ask), requestOf(ask))
  }

  async askHead(ask: ZipAsk = {}): Promise<Reply> {
    return this.harness.run(this.handlerOf('HEAD', ask), requestOf(ask))
  }

  refused(ask: ZipAsk): Promise<S3Error> {
    return this.harness.refusal(this.handlerOf('GET', ask), requestOf(ask))
  }

  /** Of the whole bucket, it is another operation. */
  private handlerOf(method: 'GET' | 'HEAD', { prefix = '' }: ZipAsk): Asked {
    const { zip } = this
    if (prefix === '') {
      return method === 'GET'
        ? { GetBucketZip: makeGetBucketZip(zip) }
        : { HeadBucketZip: makeHeadBucketZip(zip) }
    }
    return method === 'GET' ? { GetZip: makeGetZip(zip) } : { HeadZip: makeHeadZip(zip) }
  }

  /** The bytes of an archive, whose length is as announced. */
  async bytes(ask: ZipAsk = {}): Promise<Buffer> {
    return bytesOf(await this.ask(ask))
  }
}

export async function bytesOf(reply: Reply): Promise<Buffer> {
  const bytes = await bodyOfReply(reply)
  assert.equal(headerOf(reply, 'Content-Length'), String(bytes.length))
  return bytes
}

export function etagOf(reply: Reply): string {
  const etag = headerOf(reply, 'ETag')
  assert.ok(etag !== undefined && /^"[0-9a-f]{32}"$/.test(etag))
  return etag
}

function requestOf({ prefix = '', query, form, headers = {}, by }: ZipAsk) {
  const zip = form === undefined ? 'zip' : `zip=${form}`
  const whole = query === undefined ? zip : `${zip}&${query}`
  return { bucket, key: prefix, query: whole, headers, ...(by === undefined ? {} : { by }) }
}

/** Names and contents of an archive without zip64 fields, found by its central directory. */
export function unzip(archive: Buffer): Map<string, Buffer> {
  const end = archive.length - 22
  assert.equal(archive.readUInt32LE(end), 0x06054b50)
  const count = archive.readUInt16LE(end + 10)
  let at = archive.readUInt32LE(end + 16)
  const entries = new Map<string, Buffer>()
  for (let index = 0; index < count; index += 1) {
    assert.equal(archive.readUInt32LE(at), 0x02014b50)
    const nameBytes = archive.readUInt16LE(at + 28)
    const extraBytes = archive.readUInt16LE(at + 30)
    const local = archive.readUInt32LE(at + 42)
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes)
    const data = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    assert.ok(!entries.has(name), `two entries named ${name}`)
    entries.set(name, archive.subarray(data, data + archive.readUInt32LE(at + 24)))
    at += 46 + nameBytes + extraBytes
  }
  assert.equal(at, end)
  return entries
}
