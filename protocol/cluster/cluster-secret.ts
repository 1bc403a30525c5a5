// The secret that the parts of one cluster share, and what is shown of it to prove that one has it: a token for
// one kind of part alone, so that whoever is shown it by mistake has neither the secret nor the others' tokens.
import { createHmac } from 'node:crypto'

export type ClusterSecret = Buffer & { readonly __brand: 'ClusterSecret' }

export const clusterSecretBytesMin = 32
const secretBytesMax = 4096

/** Of the text of a file or a variable; blanks around it are not of it. `undefined`: too short, or far too long. */
export function parseClusterSecret(raw: string): ClusterSecret | undefined {
  const bytes = Buffer.from(raw.trim())
  if (bytes.length < clusterSecretBytesMin || bytes.length > secretBytesMax) return undefined
  return bytes as ClusterSecret
}

/** Which parts of a cluster are called. */
export type Callee = 'metadata service' | 'data node'

/** 64 hex digits. */
export function callToken(secret: ClusterSecret, callee: Callee): string {
  return createHmac('sha256', secret).update(`holdfast ${callee}, calls`).digest('hex')
}

/** Whether what is sent to that host stays on this machine. `host`: a name or an address, without brackets. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
