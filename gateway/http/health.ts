// Whether this process can serve S3 now, for those who ask over and over: it is looked at once a moment,
// however many ask, and what does not answer in time is not well.
import { setTimeout as sleep } from 'node:timers/promises'

export type Health = { readonly isWell: () => Promise<boolean> }

const freshMs = 1_000
const patienceMs = 5_000

/** `check` rejects when something is wrong; its signal tells that nobody waits any more. */
export function watchHealth(
  check: (signal: AbortSignal) => Promise<void>,
  now: () => number,
): Health {
  let looked: Promise<boolean> | undefined
  let lookedMs = 0
  /** One that hangs is not followed by others. */
  let isLooking = false
  const look = async (signal: AbortSignal) => {
    isLooking = true
    try {
      await check(signal)
      return true
    } catch {
      return false
    } finally {
      isLooking = false
    }
  }
  return {
    isWell: () => {
      if (looked === undefined || (!isLooking && now() - lookedMs >= freshMs)) {
        lookedMs = now()
        looked = withinPatience(look)
      }
      return looked
    },
  }
}

async function withinPatience(look: (signal: AbortSignal) => Promise<boolean>): Promise<boolean> {
  const over = new AbortController()
  const tooLate = sleep(patienceMs, false, { ref: false, signal: over.signal }).catch(() => false)
  const isWell = await Promise.race([look(over.signal), tooLate])
  over.abort()
  return isWell
}
