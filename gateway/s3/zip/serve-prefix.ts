// The objects of a prefix as one zip (docs/zip.md): what the four operations have in common that ask
// for one, as `/bucket/prefix/?zip` and as `/bucket?zip&prefix=`.
import type { Query } from '../../../protocol/s3/request-target.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { refuseCustomerKey } from '../../../protocol/s3/unsupported-write-headers.ts'
import { permittedKeys } from '../../access/require.ts'
import type { Reply } from '../../reply.ts'
import { openPrefix } from '../../zip/prefix-entries.ts'
import { requireEntries } from '../../zip/require-entries.ts'
import { clashFilterBytes } from '../../zip/zip-limits.ts'
import type { ZipService } from '../../zip/zip-service.ts'
import type { BucketCall } from '../operation.ts'
import { chooseManifest } from './choose-manifest.ts'

type AskedPrefix = { readonly method: 'GET' | 'HEAD'; readonly prefix: string }

/**
 * Answers a GET or HEAD of `?zip`. Throws `AccessDenied` when the caller may not read all that the archive
 * holds, `InvalidArgument`, `SlowDown`, and what `archiveReply` throws.
 */
export async function servePrefix(
  zip: ZipService,
  call: BucketCall,
  { method, prefix }: AskedPrefix,
): Promise<Reply> {
  const { headers, query, keys, bucket, services } = call
  const windows = parseForm(query)
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
    open: () => openPrefix(services.metadata.objects, bucket, { prefix, windows }),
  })
  await requireEntries(services.metadata.manifests, manifest, allows)
  const fileName = `${lastComponent(prefix) ?? bucket.name}.zip`
  return zip.reply(request, { manifest, tenantKeys: keys, fileName })
}

function parseForm(query: Query): boolean {
  const form = query.get('zip') ?? ''
  if (form === '' || form === 'windows') return form === 'windows'
  throw new S3Error('InvalidArgument', { ArgumentName: 'zip', ArgumentValue: form })
}

function lastComponent(prefix: string): string | undefined {
  return prefix
    .split('/')
    .filter((component) => component !== '')
    .at(-1)
}
