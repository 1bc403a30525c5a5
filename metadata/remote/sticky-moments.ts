// A moment means something to the service that has named it, so that its name is handed out with the number of
// that service before it, and pages of it are asked for there first. If that one is out of reach, another is asked:
// it says that it knows no such moment, or does know it, where both stand before one engine.
import type { VerbRow } from '../wire/verb-table.ts'

export type Sticky = {
  /** As the service knows it. */
  readonly args: readonly unknown[]
  /** Which service to ask first. */
  readonly service: number | undefined
}

const named = /^(\d{1,4})\.(.*)$/s

export function withoutService(row: VerbRow, args: readonly unknown[]): Sticky {
  if (row.is === 'named' || row.moment === undefined) return { args, service: undefined }
  if (row.moment === 'bare') {
    const { moment, service } = parse(args[0])
    return { args: [moment], service }
  }
  const page = args[1]
  if (!isRecord(page) || page.moment === undefined) return { args, service: undefined }
  const { moment, service } = parse(page.moment)
  return { args: [args[0], { ...page, moment }], service }
}

export function withService(row: VerbRow, answer: unknown, service: number): unknown {
  if (row.is === 'named' || row.moment !== 'page') return answer
  if (!isRecord(answer) || typeof answer.moment !== 'string') return answer
  return { ...answer, moment: `${service}.${answer.moment}` }
}

function parse(moment: unknown): {
  readonly moment: unknown
  readonly service: number | undefined
} {
  const match = typeof moment === 'string' ? named.exec(moment) : null
  if (match === null) return { moment, service: undefined }
  return { moment: match[2], service: Number(match[1]) }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
