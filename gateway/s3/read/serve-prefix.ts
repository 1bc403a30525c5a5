// The objects of a prefix as one zip (docs/zip.md): what the four operations have in common that ask
// for one, as `/bucket/prefix/?zip` and as `/bucket?zip&prefix=`.
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { refuseCustomerKey } from '../../../protocol/s3/unsupported-write-headers.ts'
import { permittedKeys } from '../../access/require.ts'
import type { Reply } from '../../reply.ts'
import { chooseManifest } from '../../zip/choose-manifest.ts'
import { looksWithin } from '../../zip/frozen-listing.ts'
import { requireEntries } from '../../zip/manifest-entries.ts'
import { openPrefix, type PrefixArchive } from '../../zip/prefix-entries.ts'
import { clashFilterBytes } from '../../zip/zip-limits.ts'
import type { ZipService } from '../../zip/zip-service.ts'
import { type BucketCall, metadataWhileWanted, type ObjectCall } from '../operation.ts'

/** The prefix is the key, or a parameter of a request for the bucket. */
type PrefixCall = BucketCall & Partial<Pick<ObjectCall, 'key'>>

/**
 * Answers a GET or HEAD of `?zip`. Throws `AccessDenied` when the caller may not read all that the archive
 * holds, `InvalidArgument`, `SlowDown`, and what `archiveReply` throws.
 */
export async function servePrefix(
  zip: ZipService,
  call: PrefixCall,
  method: 'GET' | 'HEAD',
): Promise<Reply> {
  const { headers, query, keys, bucket, services } = call
  const { prefix, windows } = parseArchive(call)
  const allows = await permittedKeys(call, 's3:GetObject', { bucket, prefix })
  refuseCustomerKey(headers)
  const request = { method, headers, query }
  const options = windows ? `windows ${clashFilterBytes}` : 'plain'
  const manifest = await chooseManifest(zip.archives, request, {
    tenantId: bucket.tenantId,
    scope: `prefix ${bucket.id} ${options} ${prefix}`,
    options,
    emptyModifiedMs: bucket.createdMs,
    scopes: [{ is: 'prefix', bucketId: bucket.id, prefix }],
    signal: call.client.hungUp(),
    open: (signal) =>
      openPrefix(looksWithin(services.metadata, signal), bucket, { prefix, windows }),
  })
  await requireEntries(metadataWhileWanted(call).manifests, manifest, allows)
  const fileName = `${lastComponent(prefix) ?? bucket.name}.zip`
  return zip.reply(request, { manifest, tenantKeys: keys, fileName })
}

function parseArchive({ key, query }: PrefixCall): PrefixArchive {
  const named = query.get('prefix')
  if (key !== undefined && named !== undefined) throw invalid('prefix', named)
  const form = query.get('zip') ?? ''
  if (form !== '' && form !== 'windows') throw invalid('zip', form)
  return { prefix: key ?? named ?? '', windows: form === 'windows' }
}

function invalid(name: string, value: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value })
}

function lastComponent(prefix: string): string | undefined {
  return prefix
    .split('/')
    .filter((component) => component !== '')
    .at(-1)
}
