// The one line that `holdfast zip` says when it is done: where, how large, how long, and what was checked.
import { showBytes } from './progress-line.ts'

export type Outcome = {
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
