// TLS of the process tree on fake engines: the certificate it shows, and taking up a new one.
import assert from 'node:assert'
import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { describe } from '../support/describe.ts'
import { makeTemporaryDirectory, StartedServer } from '../support/started-server.ts'

const program = fileURLToPath(new URL('./fake-server.js', import.meta.url))

/** Makes `cert.pem` and `key.pem` of a self-signed certificate in the directory. */
function makeCertificate(directory: string, commonName: string): void {
  const made = ['new-key.pem', 'new-cert.pem'].map((name) => join(directory, name))
  const [key = '', cert = ''] = made
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', `/CN=${commonName}`, '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  renameSync(key, join(directory, 'key.pem'))
  renameSync(cert, join(directory, 'cert.pem'))
}

/** The name in the certificate that a new connection is shown. */
function nameAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
  })
}

/** Of so many connections that every process shows its own. */
async function namesAt(url: string): Promise<ReadonlySet<string>> {
  return new Set(await Promise.all(Array.from({ length: 8 }, () => nameAt(url))))
}

for (const workers of [1, 2]) {
  describe(`TLS with ${workers} worker(s)`, (test) => {
    const directory = makeTemporaryDirectory()
    const running: StartedServer[] = []
    test.after(async () => {
      for (const server of running) await server.stop('SIGKILL')
      directory.remove()
    })

    function start(): StartedServer {
      const { path } = directory
      const addresses = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']
      const tls = ['--tls-cert', join(path, 'cert.pem'), '--tls-key', join(path, 'key.pem')]
      const data = ['--data', join(path, `data-${running.length}`), '--workers', String(workers)]
      const server = new StartedServer({ program, argv: [...addresses, ...tls, ...data] })
      running.push(server)
      return server
    }

    test('SIGHUP brings a new certificate to every process, and a bad one changes nothing', async () => {
      makeCertificate(directory.path, 'first.example')
      const server = start()
      const { s3 } = await server.listening()
      assert.match(s3, /^https:/)
      assert.deepStrictEqual(await namesAt(s3), new Set(['first.example']))

      makeCertificate(directory.path, 'second.example')
      server.child.kill('SIGHUP')
      await server.printed(/^Read certificate and key again\.$/m)
      while (!isDeepEqual(await namesAt(s3), new Set(['second.example']))) {
        // Workers hear of it a moment after the primary has said so.
        await new Promise((resolve) => setTimeout(resolve, 20))
      }

      writeFileSync(join(directory.path, 'cert.pem'), 'no certificate')
      server.child.kill('SIGHUP')
      await server.printed(/^The certificate .* cannot be used: /m)
      assert.deepStrictEqual(await namesAt(s3), new Set(['second.example']))
    })

    test('a key of another certificate is refused at the start, with both files named', async () => {
      makeCertificate(directory.path, 'one.example')
      const key = readFileSync(join(directory.path, 'key.pem'))
      makeCertificate(directory.path, 'other.example')
      writeFileSync(join(directory.path, 'key.pem'), key)
      const server = start()
      assert.strictEqual(await server.end(), 1)
      assert.match(server.output, /certificate .*cert\.pem with the key .*key\.pem cannot be used/)
    })
  })
}

function isDeepEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name))
}
