// V8's collector as a server needs it, which allocates little that lives long and, for each request, buffers
// outside the heap that die at once. Measured in `docs/decisions/0019-collector-flags.md`.
import { setFlagsFromString } from 'node:v8'

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

/** While `wanted`, memory comes before speed: garbage is looked for long before it comes to what lives. */
export function collectOften(wanted: boolean): void {
  const percent = wanted ? growthPercentOften : growthPercent
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}
