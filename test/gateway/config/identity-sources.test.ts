// Settings of issuers and of a directory, and the mistakes people make in them.
import assert from 'node:assert/strict'
import { parseConfig } from '../../../gateway/config/config.ts'
import { describe } from '../../support/describe.ts'

const certificate = '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n'
const role = 'arn:aws:iam::123456789012:role/Writers'
const files: Readonly<Record<string, string>> = {
  'ca.pem': certificate,
  'key.pem': 'a key',
  'roles.json': JSON.stringify([
    { group: 'cn=writers,dc=example,dc=org', role },
    { user: 'uid=ann,dc=example,dc=org', role },
  ]),
  'empty.json': '[]',
  'text.json': 'cn=writers: Writers',
  'both.json': JSON.stringify([{ user: 'uid=x', group: 'cn=x', role }]),
  'odd.json': JSON.stringify([
    { user: 'uid=x', role },
    { user: 'uid=x', role: 'Writers' },
  ]),
}

function parse(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return parseConfig({
    argv,
    env,
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw new Error('no such file')
      return text
    },
  })
}

function configOf(...parts: Parameters<typeof parse>) {
  const parsed = parse(...parts)
  assert.ok(parsed.is === 'config', JSON.stringify(parsed))
  return parsed.config
}

function mistakesOf(...parts: Parameters<typeof parse>): string {
  const parsed = parse(...parts)
  assert.ok(parsed.is === 'mistakes')
  return parsed.mistakes.join('\n')
}

const needed = ['--ldap-user-base', 'ou=people,dc=x', '--ldap-roles-file', 'roles.json']
const secret = { HOLDFAST_LDAP_BIND_PASSWORD: 'very-secret' }

describe('settings of identity sources', (test) => {
  test('issuers are public ones unless said otherwise', () => {
    assert.deepStrictEqual(configOf([]).oidc, { issuers: 'public', http: false })
    assert.strictEqual(configOf([]).ldap, undefined)
    const all = ['--oidc-issuers', 'any', '--oidc-http', '--oidc-ca', 'ca.pem']
    assert.deepStrictEqual(configOf(all).oidc, { issuers: 'any', http: true, ca: certificate })
    assert.match(mistakesOf(['--oidc-issuers', 'all']), /--oidc-issuers: /)
    assert.match(mistakesOf(['--oidc-ca', 'none.pem']), /--oidc-ca: none.pem cannot be read/)
    assert.match(mistakesOf(['--oidc-ca', 'key.pem']), /--oidc-ca: key.pem has no PEM certificate/)
  })

  test('a directory is described by its URL, where users are, and their roles', () => {
    const argv = ['--ldap-server', 'ldaps://ldap.example.org', ...needed]
    assert.deepStrictEqual(configOf(argv).ldap, {
      ...{ url: 'ldaps://ldap.example.org', startTls: false, userBase: 'ou=people,dc=x' },
      userFilter: '(uid=%s)',
      groupFilter: '(&(objectClass=groupOfNames)(member=%d))',
      roles: [
        { of: 'group', dn: 'cn=writers,dc=example,dc=org', roleArn: role },
        { of: 'user', dn: 'uid=ann,dc=example,dc=org', roleArn: role },
      ],
    })
    const more = [
      ...['--ldap-server', 'ldap://ldap.example.org:1389/', '--ldap-start-tls', ...needed],
      ...['--ldap-ca', 'ca.pem', '--ldap-bind-dn', 'cn=reader', '--ldap-group-base', 'ou=groups'],
      ...['--ldap-user-filter', '(&(mail=%s)(active=TRUE))', '--ldap-group-filter', '(who=%d)'],
    ]
    const { ldap } = configOf(more, secret)
    assert.deepStrictEqual(
      [ldap?.url, ldap?.startTls, ldap?.ca, ldap?.groupBase, ldap?.groupFilter],
      ['ldap://ldap.example.org:1389', true, certificate, 'ou=groups', '(who=%d)'],
    )
    assert.deepStrictEqual(ldap?.lookup, { dn: 'cn=reader', password: 'very-secret' })
  })

  test('passwords do not leave the machine without TLS unless somebody wants it', () => {
    const at = (url: string) => ['--ldap-server', url, ...needed]
    assert.match(mistakesOf(at('ldap://ldap.example.org')), /passwords would go over the network/)
    assert.match(mistakesOf(at('ldap://10.0.0.1')), /HOLDFAST_LDAP_WITHOUT_TLS=on/)
    assert.ok(configOf([...at('ldap://ldap.example.org'), '--ldap-without-tls']).ldap)
    for (const url of ['ldap://127.0.0.1:389', 'ldap://localhost', 'ldap://[::1]']) {
      assert.ok(configOf(at(url)).ldap, url)
    }
    const twice = [...at('ldaps://ldap.example.org'), '--ldap-start-tls']
    assert.match(mistakesOf(twice), /--ldap-start-tls: is for ldap:/)
  })

  test('what is missing or makes no sense is told, and the password never', () => {
    const server = ['--ldap-server', 'ldaps://l']
    const told = (...argv: readonly string[]) => mistakesOf([...server, ...argv], secret)
    assert.match(told(), /--ldap-server: needs --ldap-user-base too/)
    assert.match(told(), /--ldap-server: needs --ldap-roles-file too/)
    assert.match(told(), /needs --ldap-bind-dn too/)
    assert.doesNotMatch(told(), /very-secret/)
    assert.match(mistakesOf(['--ldap-user-base', 'dc=x']), /says nothing without --ldap-server/)
    assert.match(
      mistakesOf(['--ldap-bind-password', 'x']),
      /secrets are not taken from the command/,
    )
    for (const url of [
      'ldap.example.org',
      'https://x',
      'ldaps://a:b@x',
      'ldaps://x/dc=y',
      'ldaps://',
    ]) {
      assert.match(mistakesOf(['--ldap-server', url, ...needed]), /is no URL of a directory/, url)
    }
    for (const filter of ['uid=%s', '(uid=ann)', '((uid=%s)', '(uid=%s))(', ')(uid=%s)(']) {
      const argv = [...server, ...needed, '--ldap-user-filter', filter]
      assert.match(mistakesOf(argv), /is no filter/, filter)
    }
    const dn = [...server, '--ldap-user-base', 'people', '--ldap-roles-file', 'roles.json']
    assert.match(mistakesOf(dn), /is no distinguished name/)
    for (const file of ['empty.json', 'both.json', 'odd.json']) {
      const argv = [...server, '--ldap-user-base', 'dc=x', '--ldap-roles-file', file]
      assert.match(mistakesOf(argv), /is no list of \{"group": DN/, file)
    }
    for (const file of ['text.json', 'none.json']) {
      const argv = [...server, '--ldap-user-base', 'dc=x', '--ldap-roles-file', file]
      assert.match(mistakesOf(argv), /cannot be read/, file)
    }
  })
})
