// Lets go of what expired bundles have held, and forgets them some time later. Harmless when late or
// repeated. Whoever gathers for one finds out by himself.
import type { Bundle, BundleId } from '../../metadata/bundle-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { afterExpiryMs, rememberedMs } from './bundle-limits.ts'
import { sweepSpools } from './external/spool.ts'
import { keptUntil } from './freeze-bundle.ts'

const sweptAtOnce = 100

/** One pass over all bundles. */
export async function sweepBundles(
  metadata: MetadataStore,
  options: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { nowMs, signal } = options
  await sweepSpools(metadata, nowMs)
  const expiresBeforeMs = nowMs - afterExpiryMs
  let after: BundleId | undefined
  while (!signal.aborted) {
    const from = after === undefined ? {} : { after }
    const page = await metadata.bundles.expired({ expiresBeforeMs, limit: sweptAtOnce, ...from })
    for (const bundle of page) await sweep(metadata, bundle, nowMs)
    if (page.length < sweptAtOnce) return
    after = page.at(-1)?.bundleId
  }
}

async function sweep({ bundles }: MetadataStore, bundle: Bundle, nowMs: number): Promise<void> {
  const { gathering, ...rest } = bundle
  if (bundle.states.length > 0 || gathering !== undefined) {
    // What it names no more, the sweep of manifests removes.
    const emptied = { ...rest, states: [], revision: bundle.revision + 1 }
    await bundles.put(emptied, keptUntil(emptied))
  }
  if (bundle.expiresMs < nowMs - rememberedMs) await bundles.remove(bundle.bundleId)
}
