// Who may call a metadata service: whoever shows the token of the cluster's secret, or a certificate that the
// cluster's authority has signed, or, where both are set up, whoever has both.
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type ClusterSecret, callToken } from '../cluster-secret.ts'

export type CallAccess = {
  readonly secret?: ClusterSecret
  /** Clients show a certificate; the TLS server has been given the authorities. */
  readonly certificates: 'wanted' | 'notAsked'
}

/** Says of each request whether its sender may call. */
export function callGuard({
  secret,
  certificates,
}: CallAccess): (call: IncomingMessage) => boolean {
  if (secret === undefined && certificates === 'notAsked') {
    throw new Error('a metadata service that anybody may call')
  }
  const token = secret && Buffer.from(`Bearer ${callToken(secret)}`)
  const shown = new WeakMap<Socket, boolean>()
  return ({ headers, socket }) => {
    if (token !== undefined && !isToken(headers.authorization, token)) return false
    if (certificates === 'notAsked') return true
    const known = shown.get(socket)
    if (known !== undefined) return known
    const isShown = hasShownCertificate(socket)
    shown.set(socket, isShown)
    return isShown
  }
}

function isToken(header: string | undefined, token: Buffer): boolean {
  const given = Buffer.from(header ?? '')
  return given.length === token.length && timingSafeEqual(given, token)
}

/**
 * A resumed session counts as verified although its first handshake showed no certificate: so there has to be one
 * besides.
 */
function hasShownCertificate(socket: Socket): boolean {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false
  const certificate = socket.getPeerCertificate()
  return Object.hasOwn(certificate, 'raw')
}
