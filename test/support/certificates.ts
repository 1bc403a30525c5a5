// Certificates for tests: an authority of their own, which signs one for a server on this machine and one for a
// client. Files are thrown away with their directory.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import forge from 'node-forge'

export type CertificateFiles = {
  /** Paths of PEM files. */
  readonly authority: string
  readonly server: PairOfFiles
  readonly client: PairOfFiles
  discard(): Promise<void>
}

export type PairOfFiles = {
  readonly certificate: string
  readonly key: string
  readonly certificateAndKey: string
}

type Made = {
  readonly certificate: forge.pki.Certificate
  readonly keys: forge.pki.rsa.KeyPair
}

/** `serverNames`: those of the server, besides its address. */
export async function makeCertificates(
  serverNames: readonly string[] = [],
): Promise<CertificateFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-certificates-'))
  const authority = await make('authority of tests')
  const put = async (name: string, text: string) => {
    const path = join(directory, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }
  const putPair = async (name: string, { certificate, keys }: Made): Promise<PairOfFiles> => {
    const pem = forge.pki.certificateToPem(certificate)
    const key = forge.pki.privateKeyToPem(keys.privateKey)
    return {
      certificate: await put(`${name}.crt`, pem),
      key: await put(`${name}.key`, key),
      certificateAndKey: await put(`${name}.pem`, pem + key),
    }
  }
  return {
    authority: await put('authority.crt', forge.pki.certificateToPem(authority.certificate)),
    server: await putPair('server', await make('127.0.0.1', authority, serverNames)),
    client: await putPair('client', await make('holdfast', authority)),
    discard: () => rm(directory, { recursive: true }),
  }
}

/** Without a signer it signs itself, and may sign others. */
async function make(
  commonName: string,
  signer?: Made,
  names: readonly string[] = [],
): Promise<Made> {
  const keys = await new Promise<forge.pki.rsa.KeyPair>((resolve, reject) =>
    forge.pki.rsa.generateKeyPair({ bits: 2048 }, (failure, pair) =>
      failure ? reject(failure) : resolve(pair),
    ),
  )
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = keys.publicKey
  // A number that began with its highest bit would be negative.
  certificate.serialNumber = `00${randomBytes(16).toString('hex')}`
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000)
  certificate.validity.notAfter = new Date(Date.now() + 24 * 3_600_000)
  const subject = [{ name: 'commonName', value: commonName }]
  certificate.setSubject(subject)
  certificate.setIssuer(signer?.certificate.subject.attributes ?? subject)
  certificate.setExtensions(
    signer === undefined
      ? [{ name: 'basicConstraints', cA: true, critical: true }]
      : [
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          {
            name: 'subjectAltName',
            altNames: [{ type: 7, ip: '127.0.0.1' }, ...names.map((value) => ({ type: 2, value }))],
          },
        ],
  )
  certificate.sign((signer?.keys ?? keys).privateKey, forge.md.sha256.create())
  return { certificate, keys }
}
