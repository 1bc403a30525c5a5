// The life of this process as an owner of what it has under way (`metadata/owner-store.ts`): begun, beaten for
// as long as the process runs, and ended when it stops. One that was paused for too long is told that it has
// ended; what it had under way is lost then, and what it begins from now on is filed under another id.
import type { OwnerStore } from '../../metadata/owner-store.ts'
import { type Repeating, repeat } from './repeating.ts'

/** Whoever is silent for so long has ended: a garbage collection is shorter, a slow disk too. */
const lifeMs = 60_000
const beatPauseMs = 10_000

export type OwnerDeps = {
  readonly owners: OwnerStore
  /** Unique to this life of this process. */
  readonly processId: string
  /** Told that a beat failed; the next one may do. */
  readonly onFailure: (cause: unknown) => void
  readonly onEnded: (owner: string) => void
}

export class LivingOwner {
  readonly #deps: OwnerDeps
  #lives = 1
  #begun = false
  #beating: Repeating | undefined

  private constructor(deps: OwnerDeps) {
    this.#deps = deps
  }

  /** Where the disk takes no writes he is begun once it does: until then nothing can be filed under him. */
  static async begin(deps: OwnerDeps): Promise<LivingOwner> {
    const owner = new LivingOwner(deps)
    await owner.beat().catch(deps.onFailure)
    const run = async () => {
      await owner.beat()
      return 'idle' as const
    }
    owner.#beating = repeat({ name: 'heartbeat', pauseMs: beatPauseMs, run }, (_, cause) =>
      deps.onFailure(cause),
    )
    return owner
  }

  /** Under which id to file what is begun now. */
  get id(): string {
    const { processId } = this.#deps
    return this.#lives === 1 ? processId : `${processId}.${this.#lives}`
  }

  /** Says that he lives. When he has ended meanwhile, another life begins. */
  async beat(): Promise<void> {
    const { owners, onEnded } = this.#deps
    const verb = this.#begun ? owners.beat : owners.begin
    if ((await verb(this.id, lifeMs)).is === 'ended') {
      onEnded(this.id)
      this.#lives += 1
      this.#begun = false
      await owners.begin(this.id, lifeMs)
    }
    this.#begun = true
  }

  /** To be called when nothing is under way any more. */
  async end(): Promise<void> {
    await this.#beating?.stop()
    await this.#deps.owners.end(this.id)
  }
}
