// How much one evaluation may do, counted in steps and not in time, so that the same is answered to the same.
// Looking for wildcards takes as long as the policy times what a request brings, and a stranger chooses the
// latter: a header has 16 KB. Whoever exhausts the budget is denied: what is left open then counts where a
// statement denies, and does not where it allows.

/**
 * A step compares one unit of UTF-16, in two or three nanoseconds. As many as 250 patterns of a bucket policy
 * need that begin with `*` and have text behind it, of a key of 1 KB; each other pattern needs next to none.
 */
export const evaluationStepsMax = 500_000

/** Of one evaluation; changes while it is spent. */
export type Work = { stepsLeft: number }

export function beginWork(): Work {
  return { stepsLeft: evaluationStepsMax }
}

/** Of what no request has a part in, such as checking a document. */
export function withoutLimit(): Work {
  return { stepsLeft: Number.POSITIVE_INFINITY }
}

export function spend(work: Work, steps: number): void {
  work.stepsLeft -= steps
}

/** From now on nothing is compared, and no answer means anything. */
export function isSpent(work: Work): boolean {
  return work.stepsLeft <= 0
}
