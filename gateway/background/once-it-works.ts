// Something to be done before anything else, by whoever comes first.

/** Calls share one run; one that fails is told to those who wait for it, and tried again by the next. */
export function onceItWorks(run: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= run().catch((cause: unknown) => {
      done = undefined
      throw cause
    })
    return done
  }
}
