// S3 in the only process of a server, for as long as its engines serve. When they are lost to it on a disk that
// is read-only, it becomes the primary of one worker, which opens them anew and reads on: so a process more is
// there only when it is needed.
import type { HostPort } from '../../gateway/config/config-values.ts'
import type { TlsPem } from '../../gateway/http/s3-server.ts'
import { addTo } from '../audit/audit-log.ts'
import { explainFailure } from './explain-failure.ts'
import { serveS3 } from './serve-s3.ts'
import type { Engines, S3Listener, S3Service } from './serving.ts'
import { StartStopped, WorkerPool, type WorkerPoolOptions } from './worker-pool.ts'

export class OnlyProcess implements S3Service {
  readonly address: HostPort
  readonly failed: Promise<string>
  readonly #options: WorkerPoolOptions
  #tls: TlsPem | undefined
  /** Undefined: between the one and the other. */
  #serving: S3Listener | WorkerPool | undefined
  /** Never rejects. */
  #handingOver: Promise<void> = Promise.resolve()
  #isClosing = false
  #giveUp: (why: string) => void = () => {}

  private constructor(options: WorkerPoolOptions, listener: S3Listener) {
    this.#options = options
    this.#tls = options.tls
    this.#serving = listener
    this.address = listener.address
    this.failed = new Promise((resolve) => {
      this.#giveUp = resolve
    })
  }

  /** Rejects with `ListenRefused` when the address cannot be listened on. */
  static async start(engines: Engines, options: WorkerPoolOptions): Promise<OnlyProcess> {
    const { config, tls, audit: auditLog } = options
    const audit = addTo(auditLog)
    const listener = await serveS3(engines, { listen: config.listen, tls, audit })
    const only = new OnlyProcess(options, listener)
    void engines.lost.then(() => {
      only.#handingOver = only.#handOver(listener)
    })
    return only
  }

  get listeningCount(): number {
    if (this.#serving instanceof WorkerPool) return this.#serving.listeningCount
    return this.#serving === undefined ? 0 : 1
  }

  setTls(tls: TlsPem): void {
    this.#tls = tls
    this.#serving?.setTls(tls)
  }

  async close(drainMs: number): Promise<void> {
    this.#isClosing = true
    await this.#handingOver
    await this.#serving?.close(drainMs)
  }

  async #handOver(listener: S3Listener): Promise<void> {
    if (this.#isClosing) return
    this.#serving = undefined
    this.#options.print('Another process is started to serve S3 in place of this one.')
    // Listens no more at once; what is under way may never be answered, and is waited for a while.
    const closed = listener.close(0)
    try {
      const pool = await WorkerPool.start({
        ...this.#options,
        config: { ...this.#options.config, listen: this.address, workers: 1 },
        tls: this.#tls,
      })
      this.#serving = pool
      void pool.failed.then(this.#giveUp)
      await closed
    } catch (cause) {
      if (!(cause instanceof StartStopped)) this.#giveUp(explainFailure(cause))
    }
  }
}
