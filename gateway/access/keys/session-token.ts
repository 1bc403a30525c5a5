// Session tokens of temporary credentials: all that is to be known of a session, sealed under the master key. Nobody keeps a
// list of them, and every gateway opens them by itself.
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { parseTenantId } from '../../../metadata/record-ids.ts'
import type { TenantId } from '../../../metadata/records.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import type { Session, User } from '../identity.ts'
import type { MasterKey } from './master-key-file.ts'
import { BadSealedSecret, openSecret, sealSecret } from './seal-secret.ts'

export type TemporaryCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

/** Whose session it is. */
export type SessionOwner = {
  readonly tenantId: TenantId
  /** Of the role, or the user. */
  readonly userName: string
  readonly session: Session
}

type Stored = { readonly t: string; readonly u: string; readonly k: string; readonly s: Session }

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** As AWS writes ids: letters and digits of base 32 after four that say what it is. */
export function drawId(prefix: string, random: RandomBytes, length = 16): string {
  let id = prefix
  for (const byte of random(length)) id += idAlphabet[byte & 31]
  return id
}

/** Of 240 bits, in the 40 characters that clients expect. */
export function drawSecret(random: RandomBytes): string {
  return random(30).toString('base64')
}

export function issueSession(
  masterKey: MasterKey,
  { tenantId, userName, session }: SessionOwner,
  random: RandomBytes,
): TemporaryCredentials {
  const accessKeyId = drawId('ASIA', random)
  const secretAccessKey = drawSecret(random)
  const stored: Stored = { t: tenantId, u: userName, k: secretAccessKey, s: session }
  const name = { is: 'sessionToken', accessKeyId } as const
  // It goes with every request, in a header or a URL. What is compressed is nobody's secret but its holder's.
  const plaintext = deflateRawSync(JSON.stringify(stored))
  const sessionToken = sealSecret(masterKey, { name, plaintext }, random).toString('base64')
  return { accessKeyId, secretAccessKey, sessionToken }
}

const tokenCharactersMax = 64 * 1024
/** Unpacked: what was issued is far shorter. */
const storedBytesMax = 1024 * 1024

/** Undefined: it is none of ours, or not of this key. It may have expired. */
export function openSession(
  masterKey: MasterKey,
  { accessKeyId, sessionToken }: Pick<TemporaryCredentials, 'accessKeyId' | 'sessionToken'>,
): (SessionOwner & { readonly secretAccessKey: string }) | undefined {
  if (sessionToken.length > tokenCharactersMax) return undefined
  let plaintext: Buffer
  try {
    const sealed = Buffer.from(sessionToken, 'base64')
    plaintext = openSecret(masterKey, { is: 'sessionToken', accessKeyId }, sealed)
  } catch (cause) {
    if (cause instanceof BadSealedSecret) return undefined
    throw cause
  }
  const unpacked = inflateRawSync(plaintext, { maxOutputLength: storedBytesMax })
  const { t, u, k, s }: Stored = JSON.parse(unpacked.toString('utf8'))
  const tenantId = parseTenantId(t)
  if (tenantId === undefined) return undefined
  return { tenantId, userName: u, session: s, secretAccessKey: k }
}

export function sessionIdentity(
  { tenantId, userName, session }: SessionOwner,
  of: Pick<User, 'namespace' | 'region' | 'accessKeyId'>,
): User {
  return { is: 'user', tenantId, userName, session, ...of }
}
