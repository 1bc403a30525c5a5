// What a bundle becomes when entries were chosen for it: it has them at once, or they are still to be
// gathered.
import type { Bundle } from '../../../metadata/bundle-store.ts'
import type { Manifest } from '../../../metadata/manifest-store.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { statesKept } from '../bundle-limits.ts'
import { externalSelections, type Selection } from '../bundle-selection.ts'
import { sealSources } from './sealed-sources.ts'

export type Choice = {
  /** As `freezeBundle` has made it of the selections. */
  readonly manifest: Manifest
  readonly selections: readonly Selection[]
  readonly keys: TenantKeys
  readonly nowMs: number
}

export function withChoice(bundle: Bundle, choice: Choice, random: RandomBytes): Bundle {
  const { manifestId } = choice.manifest
  const { failure: _, ...rest } = bundle
  const external = externalSelections(choice.selections)
  if (external.length === 0) {
    return { ...rest, states: [manifestId, ...bundle.states].slice(0, statesKept) }
  }
  const sealedSources = sealSources({ keys: choice.keys, manifestId }, external, random)
  const state = { is: 'queued', notBeforeMs: choice.nowMs } as const
  return { ...rest, gathering: { manifestId, sealedSources, state, attempts: 0 } }
}
