// What a client of a part of the cluster shows to be let in, and when it may: the token of a secret is shown over TLS, or
// on this machine alone.
import { type ClusterSecret, isLoopback } from './cluster-secret.ts'

/** PEM texts. Absent: the authorities that Node knows, and no certificate of one's own. */
export type ClientTls = { readonly ca?: string; readonly cert?: string; readonly key?: string }

export type ClientAccess = {
  /** Absent: the certificate in `tls` tells who calls. */
  readonly secret?: ClusterSecret
  readonly tls?: ClientTls
  /** Lets the secret's token go over connections without TLS that leave this machine. */
  readonly unencrypted?: 'refused' | 'allowed'
}

/** Such options would show a secret to others, or nobody could call. */
export class BadRemoteOptions extends Error {
  override readonly name = 'BadRemoteOptions'
}

/** Throws `BadRemoteOptions`. */
export function requireSafeAccess(
  endpoints: readonly URL[],
  { secret, tls, unencrypted }: ClientAccess,
): void {
  if (endpoints.length === 0) throw new BadRemoteOptions('nobody is named that could be called')
  if (secret === undefined && tls?.cert === undefined) {
    throw new BadRemoteOptions('parts of a cluster are called with a secret or a certificate')
  }
  for (const { protocol, hostname, host } of endpoints) {
    if (protocol === 'https:') continue
    if (secret === undefined) {
      throw new BadRemoteOptions(`${host} is called without TLS, and so without a certificate`)
    }
    const isOwn = isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'))
    if (isOwn || unencrypted === 'allowed') continue
    throw new BadRemoteOptions(`${host} would be shown the secret over a connection without TLS`)
  }
}
