// Whether a part of the cluster is well, looked at now and then, however often it is asked.

/** Rejects when it is not well. */
export type CheckHealth = () => Promise<void>

/** Looked at no more often than that. */
const lookedAtMs = 1000

export function rememberedHealth(check: CheckHealth): () => Promise<boolean> {
  let looked: { readonly atMs: number; readonly isWell: Promise<boolean> } | undefined
  return () => {
    const nowMs = performance.now()
    if (looked === undefined || nowMs - looked.atMs > lookedAtMs) {
      const isWell = check().then(
        () => true,
        () => false,
      )
      looked = { atMs: nowMs, isWell }
    }
    return looked.isWell
  }
}
