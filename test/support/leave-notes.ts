// Tasks of a kind that does nothing, left by commits: `note 0`, `note 1` and so on are their payloads.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { newVersion, tenantId } from '../contracts/metadata-fixture.ts'

export async function leaveNotes(store: MetadataStore, count: number, first = 0): Promise<void> {
  const { bucket } = await store.buckets.create({
    ...{ namespace: defaultNamespace, tenantId, name: 'notes', region: 'here', createdMs: 0 },
  })
  for (let at = 0; at < count; at += 10) {
    const followUps = Array.from({ length: Math.min(10, count - at) }, (_, i) => ({
      kind: 'note',
      payload: `note ${first + at + i}`,
    }))
    await store.objects.commit({ ...newVersion(bucket, `k${first + at}`), followUps })
  }
}
