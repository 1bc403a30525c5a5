// `GET|HEAD /-/bundles/ID/NAME?token=`: the archive, for whoever has the URL. The name in the path is
// for people and programs that save by it; the token alone decides.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import { Query } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { requireOwner } from '../access/owner.ts'
import type { NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import { namedEtags } from '../zip/choose-manifest.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { findBundle, isBundleSecret, requireAlive, requireReady } from './find-bundle.ts'

export async function downloadBundle(
  deps: BundleDeps,
  call: NativeCall,
  id: string,
): Promise<Reply> {
  const bundle = await findBundle(call, id)
  const token = call.query.get('token') ?? ''
  if (!isBundleSecret(token, bundle.tokenHash)) throw new S3Error('AccessDenied')
  call.notes.openedBy = 'bundleToken'
  requireOwner(call.headers, bundle.tenantId, { decisions: call.notes.decisions })
  requireAlive(call, bundle)
  requireReady(bundle)
  const manifest = await chooseState(deps, call, bundle)
  const tenantKeys = await deps.keysOfTenant(bundle.tenantId)
  if (manifest === undefined || tenantKeys === undefined) {
    throw new S3Error('BundleExpired', { BundleId: bundle.bundleId })
  }
  const request = {
    method: call.method === 'HEAD' ? 'HEAD' : 'GET',
    headers: call.headers,
    // Who has the URL may not choose headers that the archive is served with.
    query: new Query(call.query.parameters.filter(({ name }) => name === 'partNumber')),
  } as const
  const reply = await deps.zip.reply(request, { manifest, tenantKeys, fileName: bundle.fileName })
  // The URL is a secret: no cache on the way may keep what it leads to, and no page tell of it.
  const headers = { ...reply.headers, 'Cache-Control': 'private', 'Referrer-Policy': 'no-referrer' }
  return { ...reply, headers }
}

/** The state that If-Match or If-Range names while it is kept, else the newest. */
async function chooseState(
  { metadata }: BundleDeps,
  call: NativeCall,
  bundle: Bundle,
): Promise<Manifest | undefined> {
  const named = namedEtags(call.headers)
  let newest: Manifest | undefined
  for (const manifestId of bundle.states) {
    const manifest = await metadata.manifests.get(manifestId)
    if (manifest === undefined) continue
    if (named.length === 0 || named.includes(manifest.etag)) return manifest
    newest ??= manifest
  }
  return newest
}
