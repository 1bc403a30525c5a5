// Waiting for work that must not go on behind its caller's back.

/** What all of them came to, once every one has ended; throws what the first in order has thrown. */
export async function allEnded<T>(works: readonly Promise<T>[]): Promise<readonly T[]> {
  const ends = await Promise.allSettled(works)
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}
