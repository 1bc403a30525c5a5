// ETags of what the admin API shows, and the condition that a change must come with.
import { createHash } from 'node:crypto'
import { AdminProblem } from './problem.ts'

/** Of something whose changes are counted. */
export function tagOfRevision(revision: number): string {
  return `"${revision}"`
}

/** Of something that has no count: of all that is shown of it. */
export function tagOfContent(shown: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 32)}"`
}

/** The revision that is to be changed. Undefined: whichever it is. Throws `PreconditionRequired`, `PreconditionFailed`. */
export function requireRevision(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined) throw new AdminProblem('PreconditionRequired')
  if (ifMatch.trim() === '*') return undefined
  const revision = /^"(\d{1,15})"$/.exec(ifMatch.trim())?.[1]
  if (revision === undefined) throw new AdminProblem('PreconditionFailed')
  return Number(revision)
}
