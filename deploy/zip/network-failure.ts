// What a client of a server takes for a broken connection, and how long it goes on trying.
import { setTimeout as sleep } from 'node:timers/promises'

/** The connection broke off, or the server could not answer. The message is for people. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

export function isOfNetwork(cause: unknown): boolean {
  if (cause instanceof Broken) return true
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /^(ECONN|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|HPE_)/.test(code)
}

const breaksMax = 6
const pauseMs = 1_000

/** Breaks in a row that are waited out, each longer than the one before: about 20 seconds in all. */
export class Patience {
  private breaks = 0

  /** Something came through. */
  renew(): void {
    this.breaks = 0
  }

  /**
   * Waits a while, and says so before. Throws the cause when it is none of the network's, or one break
   * too many.
   */
  async waitOut(cause: unknown, sayWhy: () => void): Promise<void> {
    this.breaks += 1
    if (!isOfNetwork(cause) || this.breaks > breaksMax) throw cause
    sayWhy()
    await sleep(pauseMs * this.breaks)
  }
}
