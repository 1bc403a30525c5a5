// The objects of a prefix as one zip (docs/zip.md): what the four operations have in common that ask
// for one, as `/bucket/prefix/?zip` and as `/bucket?zip&prefix=`.
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { refuseCustomerKey } from '../../../protocol/s3/unsupported-write-headers.ts'
import type { Reply } from '../../reply.ts'
import { openPrefix, type PrefixArchive } from '../../zip/prefix-entries.ts'
import { clashFilterBytes } from '../../zip/zip-limits.ts'
import type { ZipService } from '../../zip/zip-service.ts'
import { type Call, requireBucket } from '../operation.ts'
import { chooseManifest } from './choose-manifest.ts'

/**
 * Answers a GET or HEAD of `?zip`. Throws `AccessDenied`, `NoSuchBucket`, `InvalidArgument`, `SlowDown`,
 * and what `archiveReply` throws.
 */
export async function servePrefix(
  zip: ZipService,
  call: Call,
  method: 'GET' | 'HEAD',
): Promise<Reply> {
  const archive = parseArchive(call)
  await permit(call, archive.prefix)
  refuseCustomerKey(call.headers)
  const bucket = await requireBucket(call)
  const { headers, query, keys, services } = call
  const request = { method, headers, query }
  const options = archive.windows ? `windows ${clashFilterBytes}` : 'plain'
  const manifest = await chooseManifest(zip.archives, request, {
    tenantId: bucket.tenantId,
    scope: `prefix ${bucket.id} ${options} ${archive.prefix}`,
    options,
    emptyModifiedMs: bucket.createdMs,
    scopes: [{ is: 'prefix', bucketId: bucket.id, prefix: archive.prefix }],
    open: () => openPrefix(services.metadata.objects, bucket, archive),
  })
  const fileName = `${lastComponent(archive.prefix) ?? bucket.name}.zip`
  return zip.reply(request, { manifest, tenantKeys: keys, fileName })
}

function parseArchive({ key, query }: Call): PrefixArchive {
  const named = query.get('prefix')
  if (key !== '' && named !== undefined) throw invalid('prefix', named)
  const form = query.get('zip') ?? ''
  if (form !== '' && form !== 'windows') throw invalid('zip', form)
  return { prefix: key === '' ? (named ?? '') : key, windows: form === 'windows' }
}

function invalid(name: string, value: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value })
}

/** To list the bucket and to read what is below the prefix: the table's row has asked for one of them. */
async function permit(call: Call, prefix: string): Promise<void> {
  const { identity, bucketName: bucket, services } = call
  const questions = [
    { action: 's3:ListBucket', resource: { bucket, key: '' } },
    { action: 's3:GetObject', resource: { bucket, key: prefix } },
  ]
  for (const question of questions) {
    if (!(await services.authorize({ identity, ...question }))) throw new S3Error('AccessDenied')
  }
}

function lastComponent(prefix: string): string | undefined {
  return prefix
    .split('/')
    .filter((component) => component !== '')
    .at(-1)
}
