// A request waits a moment for what was begun for it: most sources are there at once.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bundle } from '../../../metadata/bundle-store.ts'
import type { ManifestId } from '../../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { NativeCall } from '../../native-api/native-route.ts'
import { gatheringLookMs, gatheringWaitMs } from '../bundle-limits.ts'

/**
 * The bundle as it is when the gathering has ended, or when the time to wait is over. Throws what the
 * gathering has failed with, and `NoSuchBundle` when the bundle was deleted meanwhile.
 */
export async function awaitGathering(
  metadata: Pick<MetadataStore, 'bundles'>,
  call: NativeCall,
  begun: Bundle,
): Promise<Bundle> {
  const untilMs = call.services.now() + waitMs(call)
  const manifestId = begun.gathering
  let bundle: Bundle | undefined = begun
  while (bundle !== undefined && isGathering(bundle, manifestId)) {
    if (call.services.now() >= untilMs) return bundle
    await sleep(gatheringLookMs)
    bundle = await metadata.bundles.get(begun.bundleId)
  }
  if (bundle === undefined) throw new S3Error('NoSuchBundle', { BundleId: begun.bundleId })
  const { failure } = bundle
  if (failure === undefined || failure.manifestId !== manifestId) return bundle
  throw new S3Error(failure.code, {}, { message: failure.message })
}

function isGathering({ gathering }: Bundle, manifestId: ManifestId | undefined): boolean {
  return gathering !== undefined && gathering === manifestId
}

/** `Prefer: wait=N` shortens it, `Prefer: respond-async` waits for nothing. RFC 7240 section 4. */
function waitMs({ headers }: NativeCall): number {
  const preferred = headerText(headers, 'prefer') ?? ''
  if (/(?:^|,)\s*respond-async\s*(?:$|[,;])/i.test(preferred)) return 0
  const [, seconds] = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})/i.exec(preferred) ?? []
  return Math.min(gatheringWaitMs, Number(seconds ?? Infinity) * 1000)
}
