// Has the chunks note soon after each commit how many there are: some milliseconds behind the first after a
// quiet moment, and from then on after a pause that keeps what it costs small. While nothing is committed it
// only waits for the system to tell of a write.
import { setTimeout as sleep } from 'node:timers/promises'
import type { RepeatingJob } from '../../gateway/background/repeating.ts'
import type { LineageKeeper } from './lineage-keeper.ts'

/** Beside commits that follow each other: at most 25 syncs a second. */
const pauseMs = 40
/** On a slow disk not more than a quarter of its time is taken for this. */
const restPerWork = 3
/** Where the system cannot tell of writes, and after a failure. */
const longPauseMs = 1000

export function followCommits(keeper: Pick<LineageKeeper, 'follow' | 'watch'>): RepeatingJob {
  return { name: 'commits', pauseMs, run: (signal) => followOnce(keeper, signal) }
}

async function followOnce(
  keeper: Pick<LineageKeeper, 'follow' | 'watch'>,
  signal: AbortSignal,
): Promise<'idle'> {
  let restMs = longPauseMs
  try {
    const beganMs = performance.now()
    if ((await keeper.follow('pause')) === 'noted') {
      restMs = (performance.now() - beganMs) * restPerWork
    } else if ((await followNext(keeper, signal)) === 'told') {
      restMs = 0
    }
  } finally {
    await rest(restMs - pauseMs, signal)
  }
  return 'idle'
}

/** Waits for the next commit, however long, and follows it. */
async function followNext(
  keeper: Pick<LineageKeeper, 'follow' | 'watch'>,
  signal: AbortSignal,
): Promise<'told' | 'cannot be told'> {
  if (signal.aborted) return 'told'
  const written = new Written(keeper, signal)
  try {
    if (!written.canTell) return 'cannot be told'
    // What was committed before it was looked out for.
    if ((await keeper.follow('pause')) === 'noted') return 'told'
    await written.seen
    if (!signal.aborted) await keeper.follow('write')
    return 'told'
  } finally {
    written.close()
  }
}

/** Waits for the first write to the metadata, or until all is to end. */
class Written {
  readonly canTell: boolean
  readonly seen: Promise<void>
  readonly close: () => void

  constructor(keeper: Pick<LineageKeeper, 'watch'>, signal: AbortSignal) {
    let onSeen = () => {}
    this.seen = new Promise((resolve) => {
      onSeen = resolve
    })
    const watching = keeper.watch(onSeen)
    this.canTell = watching !== undefined
    signal.addEventListener('abort', onSeen)
    this.close = () => {
      watching?.close()
      signal.removeEventListener('abort', onSeen)
    }
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0 && !signal.aborted) await sleep(ms, undefined, { ref: false, signal }).catch(() => {})
}
