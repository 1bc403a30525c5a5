// One signal out of two, that leaves nothing behind on those it came from: they live longer than it does.

export type LinkedSignal = { readonly signal: AbortSignal; release(): void }

export function linkSignals(...sources: readonly AbortSignal[]): LinkedSignal {
  const linked = new AbortController()
  const abort = () => linked.abort()
  for (const source of sources) {
    if (source.aborted) abort()
    else source.addEventListener('abort', abort)
  }
  return {
    signal: linked.signal,
    release: () => {
      for (const source of sources) source.removeEventListener('abort', abort)
    },
  }
}
