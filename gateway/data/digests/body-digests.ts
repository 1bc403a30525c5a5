// The digests of one body that cover it as a whole: MD5 and what the client asked for. Short bodies are
// digested here and now, long ones by the threads of the hash pool. CRC-32 is kept by chunk, elsewhere.
import assert from 'node:assert'
import { hash } from 'node:crypto'
import type { Checksums } from '../../../protocol/s3/checksums/streaming-digest.ts'
import type { HashAlgorithm } from './hash-messages.ts'
import type { HashPool } from './hash-pool.ts'
import type { HashLane } from './hash-thread.ts'

const noBytes = Buffer.alloc(0)

export type Digests = ReadonlyMap<HashAlgorithm, Buffer>

export class BodyDigests {
  private readonly asked: readonly HashAlgorithm[]
  private readonly checksums: Checksums
  private readonly pool: HashPool
  private held: Buffer | undefined
  private lanes: readonly {
    readonly lane: HashLane
    readonly algorithms: readonly HashAlgorithm[]
  }[] = []

  constructor(parts: {
    readonly checksums: Checksums
    readonly pool: HashPool
    readonly algorithms: readonly HashAlgorithm[]
  }) {
    this.checksums = parts.checksums
    this.pool = parts.pool
    this.asked = parts.algorithms
  }

  /** Takes the next bytes, which must stay as they are until `settled` or `finish`. */
  update(bytes: Buffer): void {
    if (this.lanes.length === 0 && this.held === undefined) {
      this.held = bytes
      return
    }
    this.toThreads()
    for (const { lane } of this.lanes) lane.update(bytes)
  }

  /** Resolves when all bytes given so far may change. Never rejects. */
  async settled(): Promise<void> {
    this.toThreads()
    await Promise.all(this.lanes.map(({ lane }) => lane.settled()))
  }

  /** Call once, after the last bytes. Rejects when a hash thread broke. */
  async finish(): Promise<Digests> {
    if (this.lanes.length === 0) return this.digestHere()
    const digests = new Map<HashAlgorithm, Buffer>()
    const answers = await Promise.all(this.lanes.map(({ lane }) => lane.finish()))
    this.lanes.forEach(({ algorithms }, index) => {
      algorithms.forEach((algorithm, position) => {
        const digest = answers[index]?.[position]
        assert(digest !== undefined, 'a digest that was asked for')
        digests.set(algorithm, digest)
      })
    })
    return digests
  }

  /** Gives up. Resolves when all bytes given may change. Harmless after `finish`. */
  async abandon(): Promise<void> {
    this.held = undefined
    for (const { lane } of this.lanes) lane.forget()
    await this.settled()
  }

  private digestHere(): Digests {
    const digests = new Map<HashAlgorithm, Buffer>()
    for (const algorithm of this.asked) {
      digests.set(algorithm, this.digestAtOnce(algorithm, this.held ?? noBytes))
    }
    this.held = undefined
    return digests
  }

  /** For the usual ones one call, which takes two thirds of the time of a running digest. */
  private digestAtOnce(algorithm: HashAlgorithm, bytes: Buffer): Buffer {
    if (algorithm === 'MD5') return hash('md5', bytes, 'buffer')
    if (algorithm === 'SHA256') return hash('sha256', bytes, 'buffer')
    const digest = this.checksums.createDigest(algorithm)
    digest.update(bytes)
    return digest.digest()
  }

  /** MD5 is as slow as the others together, so that it gets a lane, and perhaps a thread, of its own. */
  private toThreads(): void {
    if (this.held === undefined) return
    const groups = [this.asked.filter((a) => a === 'MD5'), this.asked.filter((a) => a !== 'MD5')]
    this.lanes = groups
      .filter((algorithms) => algorithms.length > 0)
      .map((algorithms) => ({ algorithms, lane: this.pool.open(algorithms) }))
    for (const { lane } of this.lanes) lane.update(this.held)
    this.held = undefined
  }
}
