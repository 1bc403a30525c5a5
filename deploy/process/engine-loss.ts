// What becomes of a process that cannot use its engines any more: a failed write of a meta page makes LMDB
// refuse it everything, reads included, and native locks that are kept forbid to open the environment anew.
import type { Log } from '../../gateway/log.ts'
import type { DiskState } from '../../metadata/lmdb/write-fence.ts'
import type { ProcessRole } from './serving.ts'

export class EngineLoss {
  readonly #role: ProcessRole
  readonly #log: Log
  #lost = false
  #tell: () => void = () => {}
  /** Resolves when the engines are lost to this process, and it goes on without them. */
  readonly happened: Promise<void>

  constructor(role: ProcessRole, log: Log) {
    this.#role = role
    this.#log = log
    this.happened = new Promise((resolve) => {
      this.#tell = resolve
    })
  }

  get hasHappened(): boolean {
    return this.#lost
  }

  /** What an engine is to call. A worker ends, for the primary replaces it. */
  meets(why: string): (cause: unknown, disk: DiskState) => void {
    return (cause, disk) => {
      // Nobody else would start the server on a disk that is read-only; workers read what there is.
      if (this.#role === 'worker' || disk === 'writable') endProcess(this.#log, why, cause)
      if (this.#lost) return
      this.#lost = true
      this.#log.error(`${why}: background work rests until the server is started again`, { cause })
      this.#tell()
    }
  }
}

/**
 * At once: what is under way may never be answered, and what is durable needs no closing. The primary
 * replaces a worker; the service manager, or whoever started it, the server.
 */
export function endProcess(log: Log, why: string, cause: unknown): never {
  log.error(`${why}: this process ends`, { pid: process.pid, cause })
  process.exit(1)
}
