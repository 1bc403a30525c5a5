// Whether this process can serve S3 now, for those who ask over and over: it is looked at once a moment,
// however many ask.

export type Health = { readonly isWell: () => Promise<boolean> }

const freshMs = 1_000

/** `check` rejects when something is wrong. */
export function watchHealth(check: () => Promise<void>, now: () => number): Health {
  let looked: Promise<boolean> | undefined
  let lookedMs = Number.NEGATIVE_INFINITY
  return {
    isWell: () => {
      if (looked === undefined || Math.abs(now() - lookedMs) >= freshMs) {
        lookedMs = now()
        looked = check().then(
          () => true,
          () => false,
        )
      }
      return looked
    },
  }
}
