// Concurrent AWS SDK clients that write, overwrite, copy and delete, and remember what the server has
// acknowledged. Killing and restarting the server is the test's work.
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { clientKey, clientRegion } from '../compat/client-server.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import type { Content, ExpectedObjects } from './kill-server-model.ts'

export const Bucket = 'killed'
const clientCount = 8
const mib = 1024 * 1024
/** Contents that several clients write over and over: their chunks are shared, freed, and shared again. */
const sharedContents = 12

export class KillLoad {
  readonly #random: SeededBytes
  readonly #expected: ExpectedObjects
  readonly #keysPerClient: number
  readonly #passing: string | undefined
  #sdk: S3Client
  #nextNumber = sharedContents
  #stopping = false
  acknowledged = { writes: 0, bytes: 0 }

  constructor(options: {
    readonly random: SeededBytes
    readonly expected: ExpectedObjects
    readonly keysPerClient: number
    readonly endpoint: string
    /** An answer that leaves open what became of a write. */
    readonly passing?: 'SlowDown'
  }) {
    this.#passing = options.passing
    this.#random = options.random
    this.#expected = options.expected
    this.#keysPerClient = options.keysPerClient
    this.#sdk = sdkAt(options.endpoint)
  }

  get sdk(): S3Client {
    return this.#sdk
  }

  connectTo(endpoint: string): void {
    this.#sdk.destroy()
    this.#sdk = sdkAt(endpoint)
  }

  close(): void {
    this.#sdk.destroy()
  }

  /** Writes until `stop()`; rejects when the server refuses something. */
  async run(): Promise<void> {
    this.#stopping = false
    const clients = Array.from({ length: clientCount }, (_, index) => this.#client(index))
    await Promise.all(clients)
  }

  /** From now on a failed request is the end of its client. */
  stop(): void {
    this.#stopping = true
  }

  async #client(index: number): Promise<void> {
    while (!this.#stopping) {
      const key = this.#keyOf(index)
      try {
        await this.#write(index, key)
      } catch (cause) {
        // An answer, whatever it says, means that the server lives and has failed; but a gateway may say that what is
        // behind it does not.
        const isAnswer = cause instanceof S3ServiceException && cause.name !== this.#passing
        if (isAnswer || cause instanceof assert.AssertionError) throw cause
        this.#expected.giveUp(key)
        if (!this.#stopping) await this.#settleSoon(key)
      }
    }
  }

  #keyOf(client: number): string {
    return `client ${client}/${this.#random.integer(this.#keysPerClient)}`
  }

  async #write(client: number, Key: string): Promise<void> {
    const draw = this.#random.integer(100)
    const target = { Bucket, Key }
    if (draw < 12) {
      this.#expected.begin(Key, 'absent')
      await this.#sdk.send(new DeleteObjectCommand(target))
      return this.#done(Key, 0)
    }
    const source = this.#keyOf(client)
    const copied = draw < 20 && source !== Key ? this.#expected.certain(source) : undefined
    const content = copied ?? this.#newContent(draw)
    this.#expected.begin(Key, content)
    if (copied !== undefined) {
      const CopySource = encodeURI(`${Bucket}/${source}`)
      await this.#sdk.send(new CopyObjectCommand({ ...target, CopySource }))
    } else if (content.bytes > 5 * mib) {
      await this.#putInParts(target, this.#expected.bytesOf(content))
    } else {
      const Body = this.#expected.bytesOf(content)
      await this.#sdk.send(new PutObjectCommand({ ...target, Body }))
    }
    this.#done(Key, copied === undefined ? content.bytes : 0)
  }

  #newContent(draw: number): Content {
    if (draw >= 92) {
      const number = this.#random.integer(sharedContents)
      return { number, bytes: 70_000 + number * 100_000 }
    }
    const number = this.#nextNumber
    this.#nextNumber += 1
    const { integer } = this.#random
    if (draw < 60) return { number, bytes: integer(4097) }
    if (draw < 85) return { number, bytes: 4097 + integer(400_000) }
    if (draw < 89) return { number, bytes: mib + integer(4 * mib) }
    return { number, bytes: 5 * mib + 1 + integer(4 * mib) }
  }

  async #putInParts(target: { Bucket: string; Key: string }, body: Buffer): Promise<void> {
    const { UploadId } = await this.#sdk.send(new CreateMultipartUploadCommand(target))
    const upload = { ...target, UploadId }
    const sent = [body.subarray(0, 5 * mib), body.subarray(5 * mib)].map(async (Body, index) => {
      const PartNumber = index + 1
      const { ETag } = await this.#sdk.send(new UploadPartCommand({ ...upload, PartNumber, Body }))
      return { PartNumber, ETag }
    })
    const settled = await Promise.allSettled(sent)
    const Parts = settled.map((part) => {
      if (part.status === 'rejected') throw part.reason
      return part.value
    })
    const MultipartUpload = { Parts }
    await this.#sdk.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
  }

  #done(key: string, bytes: number): void {
    this.#expected.acknowledge(key)
    this.acknowledged.writes += 1
    this.acknowledged.bytes += bytes
  }

  /** Another worker answers, while the dead one is replaced. */
  async #settleSoon(key: string): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return this.#expected.settle(key, await this.#read(key))
      } catch (cause) {
        if (cause instanceof assert.AssertionError || attempt === 100) throw cause
        if (this.#stopping) return
        await sleep(50)
      }
    }
  }

  async #read(Key: string): Promise<Buffer | 'absent'> {
    try {
      const { Body } = await this.#sdk.send(new GetObjectCommand({ Bucket, Key }))
      assert(Body !== undefined, 'a reply without a body')
      return Buffer.from(await Body.transformToByteArray())
    } catch (cause) {
      if (cause instanceof S3ServiceException && cause.name === 'NoSuchKey') return 'absent'
      throw cause
    }
  }

  /** Reads every key, and the listing; fails when anything acknowledged is not as it was. */
  async verify(): Promise<number> {
    const waiting = [...this.#expected.keys]
    const read = async () => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
        this.#expected.settle(key, await this.#read(key))
      }
    }
    await Promise.all(Array.from({ length: clientCount }, read))
    const present = this.#expected.keys.filter((key) => this.#expected.certain(key) !== undefined)
    assert.deepStrictEqual((await this.listAll()).sort(), present.sort())
    return present.length
  }

  async listAll(): Promise<string[]> {
    const found: string[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await this.#sdk.send(new ListObjectsV2Command({ Bucket, ContinuationToken }))
      found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key))
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    return found
  }
}

function sdkAt(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: clientRegion,
    credentials: clientKey,
    forcePathStyle: true,
    // A second try could repeat a write that was done and not answered.
    maxAttempts: 1,
  })
}
