// What stands between a queue and those who do tasks: it tells the outbox what became of them. A task that
// failed comes again after a pause that grows; one that never will do well is buried. What the queue brings late,
// twice, or for nothing is found out first: the outbox knows which claims live.
import { ToldFailures } from '../../protocol/told-failures.ts'
import type { Outbox, Task } from '../outbox-store.ts'
import { backoff, pause } from './pause.ts'
import type { TaskHandler } from './task-queue.ts'

export type TaskOutcome =
  | { readonly is: 'done' }
  /** It got on, and is not through: others have their turn first. */
  | { readonly is: 'again' }
  | { readonly is: 'failed'; readonly cause: unknown }
  /** It contradicts what is stored, and will do so again. */
  | { readonly is: 'broken'; readonly cause: unknown }

/** How tasks of one kind are done. */
export type TaskWork<Kind extends string> = {
  readonly kind: Kind
  /**
   * Does them, several at once where that saves work, and answers for each in their order. What it throws, all
   * have failed for. After the signal it ends soon, and those not begun are to be done `again`.
   */
  readonly run: (
    tasks: readonly Task<Kind>[],
    signal: AbortSignal,
  ) => Promise<readonly TaskOutcome[]>
  /**
   * Claimed more often than this without getting on, a task is buried, also when it has ended every process
   * that tried it. Absent: it must be done, however long that takes.
   */
  readonly attemptsMax?: number
}

export type TaskWorkerDeps = {
  readonly outbox: Pick<Outbox, 'done' | 'retryLater' | 'bury' | 'unfinished'>
  readonly signal: AbortSignal
  /** Told of failures, of equal ones in a row once. */
  readonly onFailure: (cause: unknown) => void
  readonly onBuried: (task: Task, cause: unknown) => void
  readonly pauses?: Partial<WorkerPauses>
}

export type WorkerPauses = {
  /** Before a task that failed comes again. */
  readonly retryMs: { readonly minMs: number; readonly maxMs: number }
  /** While nothing but failures comes of a kind. */
  readonly stuckMs: { readonly minMs: number; readonly maxMs: number }
}

/** Found broken this often: a mistake of ours, and not a moment's. */
const brokenMax = 5
const defaultPauses: WorkerPauses = {
  retryMs: { minMs: 500, maxMs: 30_000 },
  stuckMs: { minMs: 250, maxMs: 10_000 },
}

export function taskHandler<Kind extends string>(
  work: TaskWork<Kind>,
  deps: TaskWorkerDeps,
): TaskHandler<Kind> {
  const worker = new TaskWorker(work, deps)
  return (tasks) => worker.handle(tasks)
}

class TaskWorker<Kind extends string> {
  readonly #work: TaskWork<Kind>
  readonly #deps: TaskWorkerDeps
  readonly #pauses: WorkerPauses
  #failuresInARow = 0
  readonly #failures: ToldFailures

  constructor(work: TaskWork<Kind>, deps: TaskWorkerDeps) {
    this.#work = work
    this.#deps = deps
    this.#pauses = { ...defaultPauses, ...deps.pauses }
    this.#failures = new ToldFailures(deps.onFailure)
  }

  async handle(delivered: readonly Task<Kind>[]): Promise<void> {
    // Who does what is claimed anew by now works in vain: nothing that he says of it would count.
    const tasks = await this.#deps.outbox.unfinished(delivered)
    const { attemptsMax = Number.POSITIVE_INFINITY } = this.#work
    const sound = tasks.filter(({ attempts }) => attempts <= attemptsMax)
    const poison = tasks.filter(({ attempts }) => attempts > attemptsMax)
    const cause = new Error(`tried ${attemptsMax} times in vain`)
    await Promise.all(poison.map((task) => this.#bury(task, cause)))
    if (sound.length === 0) return
    const { signal } = this.#deps
    const outcomes = await this.#work
      .run(sound, signal)
      .catch((failure: unknown) => sound.map(() => ({ is: 'failed' as const, cause: failure })))
    await this.#settle(sound, outcomes)
    const isStuck = outcomes.every(({ is }) => is === 'failed' || is === 'broken')
    this.#failuresInARow = isStuck ? this.#failuresInARow + 1 : 0
    if (isStuck) await pause(backoff(this.#failuresInARow, this.#pauses.stuckMs), signal)
  }

  async #settle(tasks: readonly Task<Kind>[], outcomes: readonly TaskOutcome[]): Promise<void> {
    const { outbox } = this.#deps
    const withOutcome = (is: TaskOutcome['is']) => tasks.filter((_, at) => outcomes[at]?.is === is)
    const causes = new Map<Task<Kind>, unknown>()
    tasks.forEach((task, at) => {
      const outcome = outcomes[at]
      if (outcome?.is === 'failed' || outcome?.is === 'broken') causes.set(task, outcome.cause)
    })
    const broken = withOutcome('broken')
    const hopeless = broken.filter(({ attempts }) => attempts >= brokenMax)
    const failed = [...withOutcome('failed'), ...broken].filter((task) => !hopeless.includes(task))
    for (const task of failed) this.#failures.failed(causes.get(task))
    if (causes.size === 0) this.#failures.ended()
    // Together, so that they share a commit.
    await Promise.all([
      outbox.done(withOutcome('done')),
      outbox.retryLater(withOutcome('again'), { afterMs: 0 }),
      ...[...new Set(failed.map(({ attempts }) => attempts))].map((attempts) => {
        const some = failed.filter((task) => task.attempts === attempts)
        const afterMs = backoff(attempts, this.#pauses.retryMs)
        return outbox.retryLater(some, { afterMs, cause: some[0] && causes.get(some[0]) })
      }),
      ...hopeless.map((task) => this.#bury(task, causes.get(task))),
    ])
  }

  async #bury(task: Task, cause: unknown): Promise<void> {
    await this.#deps.outbox.bury(task, { cause })
    this.#deps.onBuried(task, cause)
  }
}
