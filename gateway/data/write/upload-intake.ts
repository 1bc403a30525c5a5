// One upload under way: bytes in, chunks under way, claims in order. `ingest.ts` drives it, and a
// received piece (`pieces.ts`) comes out.
import assert from 'node:assert'
import { crc32 } from '@node-rs/crc32'
import { inlineBytesMax } from '../../../metadata/records.ts'
import { type ChunkNamer, nameChunk } from '../../../protocol/chunks/chunk-id.ts'
import { combineCrc32 } from '../../../protocol/s3/checksums/crc-combine.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { BodyDigests } from '../digests/body-digests.ts'
import { ChunkCutter, type CutChunk } from './chunk-cutter.ts'
import { ChunkStorer, type NamedChunk } from './chunk-storer.ts'
import type { IngestDeps, ReceiveOptions } from './ingest.ts'
import { PieceClaims } from './piece-claims.ts'
import { InlinePiece, StoredPiece } from './pieces.ts'
import { PieceSums, type StagedData } from './staged-data.ts'

/**
 * Chunks of one upload that may be hashed, sealed and written while the next one fills: some are being
 * synced while others gather behind them, so that the disk never waits.
 */
const chunksUnderWayMax = 6

export class UploadIntake {
  private readonly deps: IngestDeps
  private readonly options: ReceiveOptions
  private readonly digests: BodyDigests
  private readonly cutter: ChunkCutter
  private readonly storer: ChunkStorer
  private readonly claims: PieceClaims
  private size = 0
  private crc32 = 0
  private namer: ChunkNamer | undefined
  private chunkCrc32 = 0
  private cutCount = 0
  private underWay = 0
  private wakeTurn: (() => void) | undefined
  /** Settles after everything begun so far has; rejects when any of it failed. */
  private stored: Promise<void> = Promise.resolve()
  private failure: { readonly cause: unknown } | undefined
  private isStagingLate = false

  constructor(deps: IngestDeps, options: ReceiveOptions) {
    const { tenant } = options
    const { chunks, blobs, random, nowMs, budget } = deps
    // The same for the whole upload: what an owner that has ended has begun is lost.
    const owner = deps.owner()
    this.deps = deps
    this.options = options
    this.digests = new BodyDigests({
      checksums: deps.checksums,
      pool: deps.hashPool,
      algorithms: ['MD5', ...options.digests],
    })
    this.storer = new ChunkStorer({ chunks, blobs, tenant, random })
    this.claims = new PieceClaims({ chunks, storer: this.storer, tenant, random, owner, nowMs })
    this.cutter = new ChunkCutter({
      budget,
      sizeHint: options.sizeHint,
      onGathered: (segment) => this.gathered(segment),
      onCut: (chunk) => this.startStoring(chunk, { isOnly: false }),
      turn: () => this.turn(),
    })
  }

  /** Takes the next bytes; a promise answered is to be awaited before more. */
  push(piece: Buffer): Promise<void> | undefined {
    if (this.failure !== undefined) throw this.failure.cause
    this.size += piece.length
    if (this.size > this.options.sizeMax) throw new S3Error('EntityTooLarge')
    if (this.cutCount > 0) this.stageLate()
    return this.cutter.push(piece)
  }

  /** The body has ended. Resolves when its chunks are stored and its digests known. */
  async finish(): Promise<StagedData> {
    const last = this.cutter.end()
    const isOnly = this.cutCount === 0
    if (isOnly && this.size <= inlineBytesMax) return this.inlinePiece(last)
    if (last !== undefined) this.startStoring(last, { isOnly })
    const [digests] = await Promise.all([this.digests.finish(), this.stored])
    const { onLeftover } = this.deps
    return new StoredPiece(new PieceSums(this.size, this.crc32, digests), this.claims, onLeftover)
  }

  /** Gives everything back and deletes what was stored. */
  async giveUp(): Promise<void> {
    this.cutter.abandon()
    this.namer?.drop()
    this.namer = undefined
    await Promise.allSettled([this.stored])
    await this.digests.abandon()
    try {
      await this.claims.abandon()
    } catch (cause) {
      this.deps.onLeftover(cause)
    }
  }

  private async inlinePiece(chunk: CutChunk | undefined): Promise<StagedData> {
    const sums = new PieceSums(this.size, this.chunkCrc32, await this.digests.finish())
    const { tenant } = this.options
    return new InlinePiece(sums, { tenant, plaintext: chunk?.bytes, random: this.deps.random })
  }

  private gathered(segment: Buffer): void {
    this.chunkCrc32 = crc32(segment, this.chunkCrc32)
    this.digests.update(segment)
    if (this.cutCount === 0 && this.size <= inlineBytesMax) return
    this.namer ??= nameChunk(this.options.tenant)
    this.namer.update(segment)
  }

  private startStoring(chunk: CutChunk, only: { readonly isOnly: boolean }): void {
    assert(this.namer !== undefined, 'a chunk of which nothing was gathered')
    const named = { id: this.namer.name(), crc32: this.chunkCrc32, bytes: chunk.bytes }
    this.crc32 = combineCrc32(this.crc32, named.crc32, chunk.bytes.length)
    this.namer = undefined
    this.chunkCrc32 = 0
    this.cutCount += 1
    this.underWay += 1
    this.goOn(this.storeInOrder(named, chunk, only))
  }

  /** Storing begins at once; claiming waits for the chunks before. */
  private async storeInOrder(
    named: NamedChunk,
    chunk: CutChunk,
    only: { readonly isOnly: boolean },
  ): Promise<void> {
    // The only chunk is held until the commit, by when the digests are finished.
    const hashed = only.isOnly ? Promise.resolve() : this.digests.settled()
    const release = () => void hashed.then(chunk.release)
    const [before, stored] = await Promise.allSettled([this.stored, this.storer.store(named)])
    if (before.status === 'rejected' || stored.status === 'rejected') {
      release()
      throw before.status === 'rejected' ? before.reason : rejection(stored)
    }
    await this.claims.add({ chunk: stored.value, plaintext: { ...named, release } }, only)
    await hashed
    this.underWay -= 1
    this.wakeTurn?.()
  }

  private goOn(next: Promise<void>): void {
    this.stored = next
    next.catch((cause: unknown) => {
      this.failure ??= { cause }
      this.wakeTurn?.()
    })
  }

  private async turn(): Promise<void> {
    while (this.underWay >= chunksUnderWayMax && this.failure === undefined) {
      await new Promise<void>((wake) => {
        this.wakeTurn = wake
      })
    }
    if (this.failure !== undefined) throw this.failure.cause
  }

  /** A slow sender's chunks are claimed before the orphan sweep may take them for orphans. */
  private stageLate(): void {
    if (this.isStagingLate || !this.claims.areLate()) return
    this.isStagingLate = true
    this.goOn(
      this.stored.then(async () => {
        await this.claims.stage()
        this.isStagingLate = false
      }),
    )
  }
}

function rejection(result: PromiseSettledResult<unknown>): unknown {
  return result.status === 'rejected' ? result.reason : undefined
}
