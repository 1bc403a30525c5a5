// What a gathering asks for, between the request and its end: sealed under the tenant's key, since URLs
// and credentials are secrets of whoever has sent them.
import type { ManifestId } from '../../../metadata/manifest-store.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { openSecret, type SecretName, sealSecret } from '../../access/keys/seal-secret.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { parseJson } from '../../native-api/read-json.ts'
import { appendRequest } from '../bundle-request.ts'
import { type ExternalSelection, externalJson, externalSelections } from '../bundle-selection.ts'

export type SourcesPlace = { readonly keys: TenantKeys; readonly manifestId: ManifestId }

export function sealSources(
  place: SourcesPlace,
  selections: readonly ExternalSelection[],
  random: RandomBytes,
): Buffer {
  const plaintext = Buffer.from(JSON.stringify({ entries: selections.map(externalJson) }))
  return sealSecret(place.keys, { name: secretName(place), plaintext }, random)
}

/** Throws `BadSealedSecret`. */
export function openSources(place: SourcesPlace, sealed: Uint8Array): readonly ExternalSelection[] {
  const plaintext = openSecret(place.keys, secretName(place), sealed)
  const { entries } = parseJson(appendRequest, JSON.parse(plaintext.toString()))
  return externalSelections(entries)
}

function secretName({ keys, manifestId }: SourcesPlace): SecretName {
  return { is: 'bundleSources', tenantId: keys.tenantId, manifestId }
}
