// Which permissions a bundle asks for: to make it, and to read what it holds. They are asked when
// entries are chosen; whoever has the URL later needs none.
import type { Bucket } from '../../metadata/records.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { type AllowsKey, permittedKeys, requirePermission } from '../access/require.ts'
import type { NativeAsker } from '../native-api/native-permission.ts'
import type { Selection } from './bundle-selection.ts'
import { describeSource, type ExternalSource, isPlain } from './external/external-source.ts'
import type { SourceSettings } from './external/gather-sources.ts'

export type BundleAction =
  | 'holdfast:CreateBundle'
  | 'holdfast:AppendBundle'
  | 'holdfast:GetBundle'
  | 'holdfast:ListBundles'
  | 'holdfast:DeleteBundle'

/** Of the keys that prefixes and globs come to, which are not known yet; absent where all may be read. */
export type ReadableKeys = ReadonlyMap<Selection, AllowsKey>

type Choice = {
  readonly sources: SourceSettings
  readonly bucket: Bucket
  readonly selections: readonly Selection[]
}

/**
 * ListBucket for prefixes and globs, GetObject or GetObjectVersion for what they name. Throws
 * `AccessDenied`, and `InvalidRequest` or `InvalidArgument` for sources elsewhere that may not be.
 */
export async function permitSelections(
  asker: NativeAsker,
  { sources, bucket, selections }: Choice,
): Promise<ReadableKeys> {
  const readable = new Map<Selection, AllowsKey>()
  for (const selection of selections) {
    switch (selection.is) {
      case 'key': {
        const { key, versionId } = selection
        const action = versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'
        await requirePermission(asker, action, { is: 'object', bucket, key, versionId })
        break
      }
      case 'prefix':
      case 'glob': {
        const prefix = selection.is === 'prefix' ? selection.prefix : selection.glob.beginning
        await requirePermission(asker, 's3:ListBucket', { is: 'bucket', bucket, prefix })
        const allows = await permittedKeys(asker, 's3:GetObject', { bucket, prefix })
        if (allows !== undefined) readable.set(selection, allows)
        break
      }
      case 'external':
        requireSource(sources, selection.source)
        await requirePermission(asker, 'holdfast:FetchExternal', { is: 'bucket', bucket })
        break
      default:
        selection satisfies never
    }
  }
  return readable
}

function requireSource(settings: SourceSettings, source: ExternalSource): void {
  if (settings.externalSources === 'off') {
    const message = 'This server gathers nothing from elsewhere.'
    throw new S3Error('InvalidRequest', undefined, { message })
  }
  if (!isPlain(source) || settings.externalHttp) return
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: source.is === 'url' ? 'url' : 'endpoint' },
    { message: `${describeSource(source)} is no https URL, and this server fetches no others.` },
  )
}
