import assert from 'node:assert/strict'
import { parseMetadataServiceConfig } from '../../../gateway/config/metadata-service-config.ts'
import { describe } from '../../support/describe.ts'

const secret = 'a secret of thirty-two bytes, or more'
const files: Readonly<Record<string, string>> = {
  secret: `${secret}\n`,
  short: 'short',
  pem: 'a certificate',
}

function parse(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return parseMetadataServiceConfig({
    argv,
    env,
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw new Error('no such file')
      return text
    },
  })
}

function mistakesOf(argv: readonly string[], env?: Readonly<Record<string, string>>): string {
  const parsed = parse(argv, env)
  assert.ok(parsed.is === 'mistakes', argv.join(' '))
  return parsed.mistakes.join('\n')
}

const place = ['--metadata', 'lmdb:m']
const well = [...place, '--cluster-secret-file', 'secret']

describe('the settings of a metadata service', (test) => {
  test('are a place and a secret at least, out of a file or a variable', () => {
    const parsed = parse(well)
    assert.ok(parsed.is === 'config')
    assert.deepEqual(parsed.config, {
      location: { is: 'lmdb', directory: 'm' },
      listen: { host: '127.0.0.1', port: 9002 },
      secret: Buffer.from(secret),
      tls: undefined,
      logLevel: 'info',
      drainMs: 30_000,
    })
    assert.deepEqual(parse(place, { HOLDFAST_CLUSTER_SECRET: secret }), parsed)
  })

  test('may be a certificate authority in place of the secret', () => {
    const tls = ['--tls-cert', 'pem', '--tls-key', 'pem']
    const parsed = parse([...place, ...tls, '--tls-ca', 'pem', '--listen', ':1'])
    assert.ok(parsed.is === 'config')
    assert.deepEqual(parsed.config.tls, { certFile: 'pem', keyFile: 'pem', caFile: 'pem' })
    assert.match(mistakesOf([...place, ...tls]), /--cluster-secret-file: is needed, or --tls-ca/)
    assert.match(mistakesOf([...well, '--tls-ca', 'pem']), /--tls-ca: needs --tls-cert too/)
    assert.match(mistakesOf([...well, ...tls, '--tls-ca', 'no']), /--tls-ca: no cannot be read/)
  })

  test('show the secret to other machines without TLS only when it is said to be right', () => {
    const open = [...well, '--listen', '0.0.0.0:9002']
    assert.match(mistakesOf(open), /--listen: the secret would be shown without TLS at 0\.0\.0\.0/)
    assert.equal(parse([...open, '--cluster-without-tls']).is, 'config')
    assert.equal(parse([...open, '--tls-cert', 'pem', '--tls-key', 'pem']).is, 'config')
  })

  test('that are wrong are told all at once, and no secret is', () => {
    const said = mistakesOf(['--metadata', 'mongodb://u:hunter2@', '--listen', 'x'], {
      HOLDFAST_CLUSTER_SECRET: 'hunter2',
      HOLDFAST_DRAIN_TIME: 'long',
    })
    for (const name of ['--metadata', '--listen', 'HOLDFAST_CLUSTER_SECRET', 'DRAIN_TIME']) {
      assert.ok(said.includes(`${name}: `), said)
    }
    assert.ok(!said.includes('hunter2'), said)
    assert.match(mistakesOf([]), /--metadata: is needed/)
    assert.match(mistakesOf([...place, '--cluster-secret', secret]), /not taken from the command/)
    assert.match(mistakesOf([...place, '--cluster-secret-file', 'short']), /at least 32 bytes/)
    assert.match(mistakesOf(well, { HOLDFAST_CLUSTER_SECRET: secret }), /set one of them/)
  })

  test('may stand beside those of a server', () => {
    assert.equal(parse([...well, '--region', 'berlin'], { HOLDFAST_WORKERS: '2' }).is, 'config')
  })
})
