// Clients of a server whose disk gets full: they write, delete and read, and remember what was
// acknowledged and what was answered.
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import { codeOf, exchange, type WireRequest } from '../support/wire-request.ts'

/** In the metadata, without a chunk. */
export const inlineBytes = 1_000
/** Inline, in one small chunk, in one large chunk, in a few. */
export const sizes = [inlineBytes, 60_000, 1_048_576, 5_000_000]
const writers = 4
const readers = 3
/** As `RawConnection` names a connection that ended before its answer did. */
const brokenOff = /no response but|the body ended after|ECONNRE/

export class FullDiskLoad {
  port = 0
  /** By key, what the server has acknowledged; undefined when it has acknowledged its deletion. */
  readonly known = new Map<string, Buffer | undefined>()
  /** How often each answer came, as `PUT 507 InsufficientStorage`. */
  answers = new Map<string, number>()
  /** What is uploaded. */
  sizes: readonly number[] = sizes
  /** A process may end just now: its connections are given up, and others taken. */
  mayBreak = false
  readonly #random: SeededBytes
  #keys = 0
  #stopping = false

  constructor(random: SeededBytes) {
    this.#random = random
  }

  /** From now on nothing may break. What is under way is not judged: its answers are not counted here. */
  beJudged(): void {
    this.mayBreak = false
    this.answers = new Map()
  }

  async send(request: WireRequest) {
    const { answers } = this
    const response = await exchange(this.port, request)
    const { method = 'GET' } = request
    const code = response.status >= 400 && method !== 'HEAD' ? ` ${codeOf(response)}` : ''
    const answer = `${method} ${response.status}${code}`
    answers.set(answer, (answers.get(answer) ?? 0) + 1)
    return response
  }

  /** Answers the status. */
  async put(bytes: number): Promise<number> {
    this.#keys += 1
    const key = `key-${String(this.#keys).padStart(6, '0')}`
    const body = this.#random.bytes(bytes)
    const { status } = await this.send({ method: 'PUT', target: `/bkt/${key}`, body })
    if (status === 200) this.known.set(key, body)
    return status
  }

  async remove(key: string): Promise<number> {
    this.known.delete(key)
    const { status } = await this.send({ method: 'DELETE', target: `/bkt/${key}` })
    if (status === 204) this.known.set(key, undefined)
    return status
  }

  /** Keys of objects that are there. */
  get living(): readonly string[] {
    return [...this.known].flatMap(([key, body]) => (body === undefined ? [] : [key]))
  }

  async checkOne(key: string): Promise<void> {
    const { mayBreak } = this
    const body = this.known.get(key)
    const { status, body: read } = await this.send({ target: `/bkt/${key}` })
    if (mayBreak && status === 500) return
    // Deleted meanwhile by a writer of ours.
    if (!this.known.has(key) || this.known.get(key) !== body) return
    assert.equal(status, body === undefined ? 404 : 200, `GET ${key}`)
    if (body !== undefined) assert.ok(read.equals(body), `${key} has other bytes`)
  }

  async checkAll(): Promise<void> {
    for (const key of this.known.keys()) await this.checkOne(key)
  }

  /** Until `stop`; rejects when something was not answered as it must be. */
  async run(): Promise<void> {
    this.#stopping = false
    await Promise.all([
      ...Array.from({ length: writers }, () => this.#repeat(() => this.#write())),
      ...Array.from({ length: readers }, () => this.#repeat(() => this.#read())),
    ])
  }

  async #repeat(work: () => Promise<void>): Promise<void> {
    while (!this.#stopping) {
      const { mayBreak } = this
      try {
        await work()
      } catch (cause) {
        if (!(mayBreak || this.mayBreak) || !brokenOff.test(String(cause))) throw cause
        await sleep(20)
      }
    }
  }

  stop(): void {
    this.#stopping = true
  }

  async #write(): Promise<void> {
    const status = await this.put(this.sizes[this.#random.integer(this.sizes.length)] ?? 0)
    if (status !== 200) await sleep(20)
  }

  async #read(): Promise<void> {
    const { living } = this
    const key = living[this.#random.integer(living.length)]
    assert.ok(key !== undefined)
    await this.checkOne(key)
    if (this.known.get(key) !== undefined) {
      await this.send({ method: 'HEAD', target: `/bkt/${key}` })
    }
    await this.send({ target: '/bkt?list-type=2&max-keys=20' })
  }
}
