// RabbitMQ over TLS, with a password, a virtual host of its own, and several hosts of which some are away.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from '../../../support/describe.ts'
import { freePort } from '../../../support/free-port.ts'
import { startRabbitmq } from '../../../support/rabbitmq-node.ts'
import { freshPrefix, notes, openQuickQueue } from '../../../support/rabbitmq-queue.ts'

const noSignal = new AbortController().signal
const directory = mkdtempSync(join(tmpdir(), 'holdfast-rabbitmq-tls-'))
const at = (name: string) => join(directory, name)

function makeCertificate(name: string): void {
  const argv = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-nodes', '-days', '2', '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)]
  execFileSync('openssl', [...argv, ...subject, ...files], { stdio: 'ignore' })
}

makeCertificate('ours')
makeCertificate('other')
const tlsPort = await freePort()
const node = await startRabbitmq([
  `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
  `ssl_options.certfile = ${at('ours.pem')}`,
  `ssl_options.keyfile = ${at('ours.key')}`,
  'ssl_options.verify = verify_none',
])

describe('RabbitMQ over TLS', (test) => {
  test.after(async () => {
    await node?.stop()
    rmSync(directory, { recursive: true })
  })
  if (node === undefined) {
    test('is demanded only where HOLDFAST_REQUIRE_CLUSTER is set', () => {
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLUSTER)
    })
    return
  }

  const open = (userHostAndVhost: string, more: string) => {
    const prefix = `${freshPrefix()}${more}`
    return openQuickQueue({ url: `amqps://${userHostAndVhost}`, prefix })
  }
  const publish = async (opened: ReturnType<typeof open>) => {
    try {
      await opened.queue.publish('note', notes(1), { signal: noSignal })
    } finally {
      await opened.queue.close()
    }
  }

  test.before(async () => {
    await node.control('add_vhost', 'of our/own')
    await node.control('add_user', 'me', 's3cret/with:all@of?it')
    await node.control('set_permissions', '-p', 'of our/own', 'me', '.*', '.*', '.*')
  })

  const user = `me:${encodeURIComponent('s3cret/with:all@of?it')}`
  const vhost = encodeURIComponent('of our/own')

  test('takes whom its authority vouches for, on the first host that answers', async () => {
    const hosts = `127.0.0.1:${await freePort()},127.0.0.1:${tlsPort}`
    await publish(open(`${user}@${hosts}/${vhost}`, `&cacertfile=${at('ours.pem')}`))
  })

  test('refuses a server that nobody vouches for', async () => {
    for (const more of ['', `&cacertfile=${at('other.pem')}`]) {
      await assert.rejects(
        publish(open(`${user}@127.0.0.1:${tlsPort}/${vhost}`, more)),
        /cannot be reached: .*certificate/,
      )
    }
  })

  test('tells of a wrong password and of files that are not there, without the password', async () => {
    const ca = `&cacertfile=${at('ours.pem')}`
    const cases = [
      [`me:wr0ng@127.0.0.1:${tlsPort}/${vhost}`, ca, /ACCESS[-_]REFUSED/],
      [`${user}@127.0.0.1:${tlsPort}/elsewhere`, ca, /elsewhere/],
      [`${user}@127.0.0.1:${tlsPort}/${vhost}`, `&cacertfile=${at('none.pem')}`, /none\.pem/],
    ] as const
    for (const [where, more, says] of cases) {
      const opened = open(where, more)
      await assert.rejects(publish(opened), says)
      for (const line of opened.failures) assert.doesNotMatch(line, /s3cret|wr0ng/)
    }
  })
})
