// The URL of a finished archive, presigned with the key of whoever asks, at the time of asking: no
// secret is stored with the job, and the URL is worth what that key is.
import type { JobOf } from '../../metadata/job-store.ts'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import type { User } from '../access/identity.ts'
import type { NativeCall } from '../native-api/native-route.ts'
import type { ArchiveRouteDeps } from './archive-deps.ts'
import { presignedSecondsMax } from './archive-limits.ts'

/** Absent: the job is not done, or its result has expired. Valid for 7 days, or until that expiry. */
export async function presignResult(
  deps: ArchiveRouteDeps,
  call: NativeCall,
  asked: { readonly job: JobOf<'archive'>; readonly identity: User },
): Promise<string | undefined> {
  const { state, payload } = asked.job
  const { destination, result } = payload
  if (state !== 'done' || result === undefined) return undefined
  const nowMs = call.services.now()
  const secondsLeft = Math.floor((result.expiresMs - nowMs) / 1000)
  const found = await deps.credentials(asked.identity.accessKeyId)
  if (secondsLeft < 1 || found === undefined) return undefined
  const { accessKeyId } = asked.identity
  const { region } = call.services
  const credentials = { accessKeyId, secretAccessKey: found.secretAccessKey, region }
  return presignUrl(
    {
      method: 'GET',
      origin: call.endpoint,
      path: `/${[destination.bucketName, ...destination.key.split('/')].map(encodeURIComponent).join('/')}`,
      ...(result.versionId === 'null' ? {} : { query: { versionId: result.versionId } }),
      expiresSeconds: Math.min(secondsLeft, presignedSecondsMax),
    },
    { credentials, signingKeys: deps.signingKeys, nowMs },
  )
}
