// What `holdfast zip` says to people: progress on stderr, as one line that changes on a terminal, a line now and
// then elsewhere; and the one line when it is done: where, how large, how long, and what was checked.

export type Shown = {
  readonly bytes: number
  readonly totalBytes: number
  readonly entries?: number
  readonly totalEntries?: number
}

export type ProgressTarget = {
  readonly isTerminal: boolean
  readonly write: (text: string) => void
  readonly nowMs: () => number
}

const terminalEveryMs = 200
const linesEveryMs = 2_000

export class ProgressLine {
  private readonly target: ProgressTarget
  private shownMs = Number.NEGATIVE_INFINITY
  /** Whether the cursor stands behind what was shown. */
  private isWithin = false

  constructor(target: ProgressTarget) {
    this.target = target
  }

  show(shown: Shown, { isLast = false }: { readonly isLast?: boolean } = {}): void {
    const { isTerminal, write, nowMs } = this.target
    const everyMs = isTerminal ? terminalEveryMs : linesEveryMs
    if (!isLast && nowMs() - this.shownMs < everyMs) return
    this.shownMs = nowMs()
    if (isTerminal) write(`\r${describeProgress(shown)}\u001b[K${isLast ? '\n' : ''}`)
    else write(`${describeProgress(shown)}\n`)
    this.isWithin = isTerminal && !isLast
  }

  /** A sentence on a line of its own. */
  say(sentence: string): void {
    this.end()
    this.target.write(`${sentence}\n`)
  }

  /** Whatever is written next begins a line. */
  end(): void {
    if (this.isWithin) this.target.write('\n')
    this.isWithin = false
  }
}

function describeProgress({ bytes, totalBytes, entries, totalEntries }: Shown): string {
  const percent = totalBytes === 0 ? 100 : Math.floor((bytes / totalBytes) * 100)
  const files = entries === undefined ? '' : `, ${entries} of ${totalEntries} entries`
  return `${String(percent).padStart(3)} %  ${showBytes(bytes)} of ${showBytes(totalBytes)}${files}`
}

/** `1.5 MiB`. */
export function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

type Outcome = {
  readonly where: string
  readonly bytes: number
  readonly tookMs: number
}

/** `bytesFromBefore`: what an earlier run had downloaded already. */
export function describeDownload(outcome: Outcome & { readonly bytesFromBefore: number }): string {
  const { where, bytes, bytesFromBefore } = outcome
  const before = bytesFromBefore === 0 ? '' : ` (${showBytes(bytesFromBefore)} from before)`
  const checked = 'length and CRC-32 are those of the server'
  return `Wrote ${where}: ${showBytes(bytes)}${before} in ${seconds(outcome)}; ${checked}.`
}

export function describeArchive(outcome: Outcome & { readonly entries: number }): string {
  const { where, bytes, entries } = outcome
  const counted = entries === 1 ? '1 entry' : `${entries} entries`
  return `The server stored ${where}: ${showBytes(bytes)}, ${counted}, in ${seconds(outcome)}; every chunk was checked as it was read.`
}

function seconds({ tookMs }: Outcome): string {
  return `${(tookMs / 1000).toFixed(1)} s`
}
