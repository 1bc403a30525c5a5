// V8's collector as a server needs it, which allocates little that lives long and, for each request, buffers
// outside the heap that die at once. Measured in `docs/decisions/0019-collector-flags.md`.
import assert from 'node:assert'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const growthPercent = 250
const growthPercentOften = 20

/** V8 reads each of these whenever it decides something, so that they may be set in a running process. */
export const collectorFlags = [
  // Buffers count against the growth of the old generation, young ones too: with V8's own limit the
  // whole heap is marked for every 24 MiB sent. With this one they are found dead before.
  `--heap-growing-percent=${growthPercent}`,
  // What the collector has found dead is given back, and uncounted, at once instead of by another thread.
  '--no-concurrent-array-buffer-sweeping',
  // The young generation stays as small as it begins: growing spares a server nothing and costs 30 MiB.
  '--semi-space-growth-factor=1',
] as const

/** Call once, first thing in a process that serves. */
export function tuneCollector(): void {
  for (const flag of collectorFlags) setFlagsFromString(flag)
}

/**
 * While `wanted`, memory comes before speed: garbage is looked for long before it comes to what lives. V8 keeps the
 * limit that it has until it has collected once: so it does that first, for a crowd takes most as it comes.
 */
export function collectOften(wanted: boolean): void {
  const percent = wanted ? growthPercentOften : growthPercent
  setFlagsFromString(`--heap-growing-percent=${percent}`)
  if (wanted && performance.now() - collectedMs > collectPauseMs) {
    collectNow()
    collectedMs = performance.now()
  }
}

/** Collecting takes some 20 ms, and crowds may come and go. */
const collectPauseMs = 10_000
let collectedMs = Number.NEGATIVE_INFINITY

/** What Node has for this alone: V8 gives its function to contexts that are made while the flag is set. */
function collectNow(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  assert(typeof collect === 'function', 'V8 has no function to collect')
  collect()
}
