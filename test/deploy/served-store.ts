// A store with a server that can be stopped and started again, and whatever may happen to its files in
// between. It remembers what was acknowledged.
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { clientKey, clientRegion, startHoldfast } from '../compat/client-server.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import type { StartedServer } from '../support/started-server.ts'

export const bucket = 'safe'
const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))

export class ServedStore {
  readonly data: string
  readonly expected = new Map<string, Buffer>()
  /** Processes that serve, from the next start on. */
  workers = 1
  readonly #random: SeededBytes
  readonly #argv: readonly string[]
  #server: StartedServer | undefined
  #client: S3Client | undefined

  constructor(data: string, random: SeededBytes, argv: readonly string[] = []) {
    this.data = data
    this.#random = random
    this.#argv = argv
  }

  get server(): StartedServer {
    if (this.#server === undefined) throw new Error('no server runs')
    return this.#server
  }

  get client(): S3Client {
    if (this.#client === undefined) throw new Error('no server runs')
    return this.#client
  }

  /** Rejects with all that it printed when it does not come to serve. */
  async start(): Promise<void> {
    const { data, workers } = this
    this.#server = startHoldfast({ data, workers, argv: this.#argv })
    try {
      const { s3: endpoint } = await this.#server.listening()
      this.#client = new S3Client({
        endpoint,
        region: clientRegion,
        credentials: clientKey,
        forcePathStyle: true,
        maxAttempts: 1,
      })
    } catch (cause) {
      await this.#server.end()
      this.#server = undefined
      throw cause
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#client?.destroy()
    await this.#server?.stop(signal)
    this.#server = undefined
  }

  async makeBucket(): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: bucket }))
  }

  /** Objects of all kinds: inline, of one chunk, of several. */
  async fill(prefix: string, count: number): Promise<void> {
    const sizes = [700, 20_000, 4_096, 300_000, 4_097, 5_000_000]
    for (let i = 0; i < count; i += 1) {
      await this.put(`${prefix}${i}`, this.#random.bytes(sizes[i % sizes.length] ?? 1))
    }
  }

  async put(key: string, body: Buffer): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
    this.expected.set(key, body)
  }

  async remove(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
    this.expected.delete(key)
  }

  /** Keys of acknowledged objects that do not read back as they were put. */
  async unreadable(): Promise<readonly string[]> {
    const wrong: string[] = []
    for (const [key, body] of this.expected) {
      try {
        const answer = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? [])
        if (!bytes.equals(body)) wrong.push(key)
      } catch {
        wrong.push(key)
      }
    }
    return wrong
  }

  /** A command on this store, such as `check`. */
  run(command: string, ...argv: readonly string[]): SpawnSyncReturns<string> {
    return holdfast(command, '--data', this.data, ...argv)
  }

  path(...names: readonly string[]): string {
    return join(this.data, ...names)
  }
}

/** What a command printed, and how it ended. */
export function holdfast(...argv: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [program, ...argv], { encoding: 'utf8', env: {} })
}

/** The same, while others go on. */
export function holdfastAside(...argv: readonly string[]) {
  const child = spawn(process.execPath, [program, ...argv], { env: {} })
  const running = {
    output: '',
    /** The exit code, -1 after a signal. Undefined: it still runs. */
    ended: undefined as number | undefined,
    kill: () => child.kill('SIGKILL'),
  }
  const take = (piece: Buffer) => {
    running.output += piece.toString()
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  child.on('close', (code) => {
    running.ended = code ?? -1
  })
  return running
}
