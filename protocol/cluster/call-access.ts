// Who may call a part of the cluster: whoever shows the token of the cluster's secret, or a certificate that the
// cluster's authority has signed, or, where both are set up, whoever has both.
import { timingSafeEqual } from 'node:crypto'
import { type Callee, type ClusterSecret, callToken } from './cluster-secret.ts'

/** What is looked at of a request: Node's own is one. */
export type ReceivedCall = {
  readonly headers: { readonly authorization?: string | undefined }
  /** With TLS, it knows what was shown. */
  readonly socket: object
}

export type CallAccess = {
  readonly callee: Callee
  readonly secret?: ClusterSecret
  /** Clients show a certificate; the TLS server has been given the authorities. */
  readonly certificates: 'wanted' | 'notAsked'
}

/** Says of each request whether its sender may call. */
export function callGuard({
  callee,
  secret,
  certificates,
}: CallAccess): (call: ReceivedCall) => boolean {
  if (secret === undefined && certificates === 'notAsked') {
    throw new Error(`a ${callee} that anybody may call`)
  }
  const token = secret && Buffer.from(`Bearer ${callToken(secret, callee)}`)
  const shown = new WeakMap<object, boolean>()
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
function hasShownCertificate(socket: object): boolean {
  if (!isTlsSocket(socket) || socket.authorized !== true) return false
  const certificate = socket.getPeerCertificate()
  return (
    typeof certificate === 'object' && certificate !== null && Object.hasOwn(certificate, 'raw')
  )
}

function isTlsSocket(
  socket: object,
): socket is { readonly authorized: unknown; getPeerCertificate(): unknown } {
  return (
    'authorized' in socket &&
    'getPeerCertificate' in socket &&
    typeof socket.getPeerCertificate === 'function'
  )
}
