// One worker thread and the lanes it serves: the main thread's end of `hash-worker.ts`.
import assert from 'node:assert'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { FromHashWorker, HashAlgorithm, ToHashWorker } from './hash-messages.ts'

/** Digests over one body, computed by a thread, in the order of `update`. */
export interface HashLane {
  /** Shared memory is read in place and must stay as it is until hashed; other bytes are copied. */
  update(bytes: Uint8Array): void
  /** Resolves when everything handed over so far was hashed, or never will be. Never rejects. */
  settled(): Promise<void>
  /** The digests in the order of the algorithms; closes the lane. Rejects when the thread broke. */
  finish(): Promise<readonly Buffer[]>
  /** Closes the lane. Harmless after `finish`. */
  forget(): void
}

type LaneState = {
  sent: number
  hashed: number
  readonly waiting: { readonly count: number; readonly resolve: () => void }[]
  finishing:
    | { resolve: (digests: readonly Buffer[]) => void; reject: (cause: unknown) => void }
    | undefined
}

export class HashThread {
  private readonly worker: Worker
  private readonly lanes = new Map<number, LaneState>()
  private nextLane = 0
  private readonly shares = new WeakMap<SharedArrayBuffer, number>()
  private nextShare = 0
  private broken: { readonly cause: unknown } | undefined
  private readonly onEmpty: () => void

  constructor(onEmpty: () => void) {
    this.onEmpty = onEmpty
    const extension = extname(import.meta.url)
    this.worker = new Worker(new URL(`./hash-worker${extension}`, import.meta.url))
    this.worker.on('message', (message: FromHashWorker) => this.hear(message))
    this.worker.on('error', (cause) => this.fail(cause))
    this.worker.on('exit', () => this.fail(new Error('the hash worker ended')))
    this.worker.unref()
  }

  get openLanes(): number {
    return this.lanes.size
  }
  get isBroken(): boolean {
    return this.broken !== undefined
  }

  open(algorithms: readonly HashAlgorithm[]): HashLane {
    assert(this.broken === undefined, 'a lane on a broken thread')
    const lane = this.nextLane
    this.nextLane += 1
    const state: LaneState = { sent: 0, hashed: 0, waiting: [], finishing: undefined }
    if (this.lanes.size === 0) this.worker.ref()
    this.lanes.set(lane, state)
    this.send({ is: 'open', lane, algorithms })
    return {
      update: (bytes) => {
        if (this.broken !== undefined) return
        state.sent += 1
        this.sendBytes(lane, bytes)
      },
      settled: () => this.settled(state),
      finish: () => this.finish(lane, state),
      forget: () => {
        if (!this.lanes.has(lane) || state.finishing !== undefined) return
        this.send({ is: 'forget', lane })
        this.whenForgotten(lane, state)
      },
    }
  }

  async end(): Promise<void> {
    await this.worker.terminate()
  }

  private send(message: ToHashWorker): void {
    this.worker.postMessage(message)
  }

  private sendBytes(lane: number, bytes: Uint8Array): void {
    if (bytes.buffer instanceof SharedArrayBuffer) {
      const share = this.shareOf(bytes.buffer)
      this.send({ is: 'shared', lane, share, offset: bytes.byteOffset, length: bytes.length })
      return
    }
    const copy = Uint8Array.from(bytes)
    this.worker.postMessage({ is: 'copied', lane, bytes: copy } satisfies ToHashWorker, [
      copy.buffer,
    ])
  }

  private shareOf(memory: SharedArrayBuffer): number {
    const known = this.shares.get(memory)
    if (known !== undefined) return known
    const share = this.nextShare
    this.nextShare += 1
    this.shares.set(memory, share)
    this.send({ is: 'share', share, memory })
    return share
  }

  private settled(state: LaneState): Promise<void> {
    if (this.broken !== undefined || state.hashed === state.sent) return Promise.resolve()
    return new Promise((resolve) => state.waiting.push({ count: state.sent, resolve }))
  }

  private finish(lane: number, state: LaneState): Promise<readonly Buffer[]> {
    const broken = this.broken
    if (broken !== undefined) return Promise.reject(broken.cause)
    this.send({ is: 'finish', lane })
    return new Promise((resolve, reject) => {
      state.finishing = { resolve, reject }
    })
  }

  private hear(message: FromHashWorker): void {
    const state = this.lanes.get(message.lane)
    if (state === undefined) return
    if (message.is === 'hashed') {
      state.hashed += 1
      while ((state.waiting[0]?.count ?? Number.POSITIVE_INFINITY) <= state.hashed) {
        state.waiting.shift()?.resolve()
      }
      return
    }
    state.finishing?.resolve(message.digests.map((digest) => Buffer.from(digest)))
    this.close(message.lane)
  }

  /** The lane stays until the thread has let go of the memory it was shown. */
  private whenForgotten(lane: number, state: LaneState): void {
    void this.settled(state).then(() => this.close(lane))
  }

  private close(lane: number): void {
    if (!this.lanes.delete(lane) || this.lanes.size > 0) return
    this.worker.unref()
    this.onEmpty()
  }

  private fail(cause: unknown): void {
    if (this.broken !== undefined) return
    this.broken = { cause }
    for (const state of this.lanes.values()) {
      for (const { resolve } of state.waiting.splice(0)) resolve()
      state.finishing?.reject(cause)
    }
    this.lanes.clear()
  }
}
