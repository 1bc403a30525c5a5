// Clients of several servers on one store, each with keys of its own: they write, delete, read and download
// zips, by whichever server is there, and know what every key may hold by what was acknowledged.
import assert from 'node:assert'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import { exchange, type WireRequest } from '../support/wire-request.ts'

export type LoadTally = {
  writes: number
  reads: number
  zips: number
  unheard: number
  busy: number
}

/** What a key may hold; undefined: nothing. Several, when an answer was not heard. */
type MayHold = readonly (Buffer | undefined)[]

const clients = 6
const keysEach = 4

export class TwoServersLoad {
  readonly tally: LoadTally = { writes: 0, reads: 0, zips: 0, unheard: 0, busy: 0 }
  readonly #random: SeededBytes
  readonly #contents: readonly Buffer[]
  readonly #held = new Map<string, MayHold>()
  /** Of the servers that are to be asked. */
  ports: readonly number[] = []

  constructor(random: SeededBytes) {
    this.#random = random
    const shared = random.bytes(4 * 1024 * 1024)
    this.#contents = [
      ...[0, 900, 20_000, 300_000].map((size) => random.bytes(size)),
      shared,
      // A chunk that is known in the middle of an upload is put on a list that an owner has.
      Buffer.concat([shared, random.bytes(50_000)]),
      Buffer.concat([random.bytes(70_000), shared, shared]),
    ]
  }

  async makeBucket(): Promise<void> {
    const reply = await this.#ask({ method: 'PUT', target: '/files' })
    assert.equal(reply?.status, 200)
  }

  /** Until the signal: whatever is answered must be what was acknowledged. */
  async run(signal: AbortSignal): Promise<void> {
    const act = async (client: number) => {
      while (!signal.aborted) await this.#step(`client${client}`)
    }
    await Promise.all(Array.from({ length: clients }, (_, client) => act(client)))
  }

  async verify(): Promise<void> {
    for (const key of this.#held.keys()) await this.#read(key)
  }

  async deleteAll(): Promise<void> {
    for (const key of this.#held.keys()) await this.#write(key, undefined)
  }

  #step(client: string): Promise<void> {
    const key = `${client}/${this.#random.integer(keysEach)}`
    switch (this.#random.integer(6)) {
      case 0:
      case 1:
        return this.#write(key, this.#contents[this.#random.integer(this.#contents.length)])
      case 2:
        return this.#write(key, undefined)
      case 3:
        return this.#zip(client)
      default:
        return this.#read(key)
    }
  }

  async #write(key: string, content: Buffer | undefined): Promise<void> {
    const target = `/files/${key}`
    const before = this.#held.get(key) ?? [undefined]
    // Not known until it is answered.
    this.#held.set(key, [...before, content])
    const reply = await this.#ask(
      content === undefined
        ? { method: 'DELETE', target }
        : { method: 'PUT', target, body: content },
    )
    this.tally.writes += 1
    if (reply === undefined) return
    if (reply.status === 503) {
      this.tally.busy += 1
      this.#held.set(key, before)
      return
    }
    assert.equal(reply.status, content === undefined ? 204 : 200, reply.head)
    this.#held.set(key, [content])
  }

  async #read(key: string): Promise<void> {
    const reply = await this.#ask({ target: `/files/${key}` })
    this.tally.reads += 1
    if (reply === undefined) return
    assert.ok(reply.status === 200 || reply.status === 404, reply.head)
    const found = reply.status === 404 ? undefined : reply.body
    const may = this.#held.get(key) ?? [undefined]
    const is = (held: Buffer | undefined) =>
      held === undefined || found === undefined ? held === found : held.equals(found)
    assert.ok(may.some(is), `${key} is not what was acknowledged (${reply.status})`)
    // From now on it is known.
    this.#held.set(key, [found])
  }

  async #zip(client: string): Promise<void> {
    const reply = await this.#ask({ target: `/files/${client}/?zip` })
    this.tally.zips += 1
    if (reply === undefined) return
    assert.ok(reply.status === 200 || reply.status === 404, reply.head)
    for (const [key, may] of this.#held) {
      const [content, ...others] = may
      if (!key.startsWith(`${client}/`) || others.length > 0 || content === undefined) continue
      assert.ok(reply.body.includes(content), `${key} is not in its zip`)
    }
  }

  /** Undefined: no answer was heard, and what was asked for may be done or not. */
  async #ask(request: WireRequest) {
    const port = this.ports[this.#random.integer(this.ports.length)]
    assert(port !== undefined, 'a server to ask')
    try {
      return await exchange(port, request)
    } catch (cause) {
      // A server that the load still counts on answers.
      if (this.ports.includes(port)) throw cause
      this.tally.unheard += 1
      return undefined
    }
  }
}
