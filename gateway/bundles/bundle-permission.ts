// Which permissions a bundle asks for: to make it, and to read what it holds. They are asked when
// entries are chosen; whoever has the URL later needs none.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Identity } from '../access/identity.ts'
import type { Services } from '../s3/operation.ts'
import type { Selection } from './bundle-selection.ts'
import { describeSource, type ExternalSource, isPlain } from './external/external-source.ts'
import type { SourceSettings } from './external/gather-sources.ts'

export type BundleAction =
  | 'holdfast:CreateBundle'
  | 'holdfast:AppendBundle'
  | 'holdfast:GetBundle'
  | 'holdfast:ListBundles'
  | 'holdfast:DeleteBundle'

type Asking = { readonly services: Services; readonly identity: Identity }
type AskingForEntries = Asking & { readonly sources: SourceSettings }

/** Throws `AccessDenied`. `bucket` is empty where it is about no certain one. */
export async function permitBundle(
  asking: Asking,
  action: BundleAction,
  bucket: string,
): Promise<void> {
  await permit(asking, action, { bucket, key: '' })
}

/**
 * ListBucket for prefixes and globs, GetObject or GetObjectVersion for what they name. Throws
 * `AccessDenied`, and `InvalidRequest` or `InvalidArgument` for sources elsewhere that may not be.
 */
export async function permitSelections(
  asking: AskingForEntries,
  bucket: string,
  selections: readonly Selection[],
): Promise<void> {
  if (selections.some(({ is }) => is === 'prefix' || is === 'glob')) {
    await permit(asking, 's3:ListBucket', { bucket, key: '' })
  }
  for (const selection of selections) {
    switch (selection.is) {
      case 'key': {
        const version = selection.versionId === undefined ? '' : 'Version'
        await permit(asking, `s3:GetObject${version}`, { bucket, key: selection.key })
        break
      }
      case 'prefix':
        await permit(asking, 's3:GetObject', { bucket, key: selection.prefix })
        break
      case 'glob':
        await permit(asking, 's3:GetObject', { bucket, key: selection.glob.beginning })
        break
      case 'external':
        requireSource(asking.sources, selection.source)
        await permit(asking, 'holdfast:FetchExternal', { bucket, key: '' })
        break
      default:
        selection satisfies never
    }
  }
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

async function permit(
  { services, identity }: Asking,
  action: string,
  resource: { readonly bucket: string; readonly key: string },
): Promise<void> {
  if (!(await services.authorize({ identity, action, resource }))) throw new S3Error('AccessDenied')
}
