// Hashes of passwords. One at a time in a process: each takes a core and memory for a while, in the same threads that
// read and write files, and whoever asks for many must not take them from everybody else.
import { hash, verify } from '@node-rs/argon2'
import { QueryError } from '../../protocol/query/query-error.ts'

/**
 * Argon2id with 19 MiB, two passes, one lane: what OWASP asks for at least; some 30 ms on a core of 2020.
 * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
 */
const cost = { algorithm: 2, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const
const waitingMax = 32

export class PasswordHasher {
  private last: Promise<unknown> = Promise.resolve()
  private waiting = 0

  /** The encoded hash, with salt and cost. Throws `SlowDown` when too many wait. */
  hash(password: string): Promise<string> {
    return this.next(() => hash(password, cost))
  }

  /** Throws `SlowDown` when too many wait. */
  matches(password: string, encoded: string): Promise<boolean> {
    return this.next(() => verify(encoded, password))
  }

  private async next<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.waiting >= waitingMax) {
      throw new QueryError('SlowDown', 'Too many passwords are being changed. Try again.')
    }
    this.waiting += 1
    const done = this.last.then(work)
    // Whoever has asked is told of a failure; those behind go on.
    this.last = done.catch(() => undefined)
    try {
      return await done
    } finally {
      this.waiting -= 1
    }
  }
}
