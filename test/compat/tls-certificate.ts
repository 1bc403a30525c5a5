// Self-signed certificates for tests, made by openssl.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export type CertificateFiles = { readonly cert: string; readonly key: string }

/** Valid a day for 127.0.0.1, localhost and buckets below localhost. Overwrites. */
export function makeCertificate(folder: string, commonName: string): CertificateFiles {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:*.localhost'
  const request = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-addext', names]
  const made = spawnSync('openssl', [
    'req',
    ...request,
    ...['-subj', `/CN=${commonName}`, '-keyout', files.key, '-out', files.cert],
  ])
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`)
  return files
}
