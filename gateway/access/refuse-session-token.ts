// Temporary credentials come with a session token. This server issues none, so no token is valid.
import { S3Error } from '../../protocol/s3/s3-error.ts'

/** Throws `InvalidToken` when a token was sent; an empty one counts as none. */
export function refuseSessionToken(token: string | undefined): void {
  if (token !== undefined && token !== '') throw new S3Error('InvalidToken', { 'Token-0': token })
}
