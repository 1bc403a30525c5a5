// Waits that end by themselves: what never comes fails a test with a sentence, and holds up no run. The bound is no
// measure of anything; it is far more than a busy machine takes.
import { setTimeout as sleep } from 'node:timers/promises'

const waitMsMax = 90_000
const lookAgainMs = 20

export type Wait = {
  /** Completes "waited in vain for …". */
  readonly for: string
  readonly holds: () => boolean | Promise<boolean>
  /** Why it cannot come any more; undefined while it can. */
  readonly hopeless?: () => string | undefined
  /** What is to be read when it never came. */
  readonly told?: () => string
}

export async function until({ for: what, holds, hopeless, told }: Wait): Promise<void> {
  let isOver = false
  const looking = async () => {
    while (!isOver && !(await holds())) {
      const why = hopeless?.()
      if (why !== undefined) throw new Error(`waited in vain for ${what}: ${why}`)
      await sleep(lookAgainMs)
    }
  }
  try {
    await within(what, looking(), told)
  } finally {
    isOver = true
  }
}

/** What `work` answers; throws when that takes far too long. `what` completes "waited in vain for …". */
export async function within<T>(
  what: string,
  work: Promise<T>,
  told: () => string = () => '',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    const late = () => {
      reject(new Error(`waited in vain for ${what}: ${waitMsMax / 1000} s\n${told()}`))
    }
    timer = setTimeout(late, waitMsMax)
  })
  try {
    return await Promise.race([work, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
