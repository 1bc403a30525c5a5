// A directory of a test's own: slapd (Debian's package of that name; its service need not run) as an ordinary process, on free
// ports of 127.0.0.1, in a directory that goes with it. Where there is none tests say so and pass, unless
// HOLDFAST_REQUIRE_CLUSTER is set, as it is in CI.
import assert from 'node:assert'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'ldapts'
import { until } from './bounded-wait.ts'
import { type CertificateFiles, makeCertificates } from './certificates.ts'
import { freePort } from './free-port.ts'
import { makeTemporaryDirectory } from './started-server.ts'

const program = ['/usr/sbin/slapd', '/usr/local/sbin/slapd'].find((path) => existsSync(path))
const schemas = ['/etc/ldap/schema', '/etc/openldap/schema'].find((path) => existsSync(path))
const modules = ['/usr/lib/ldap', '/usr/lib/openldap'].find((path) => existsSync(path))

/** Whether there is one. Throws where one is demanded and missing. */
export function haveSlapd(): boolean {
  if (program !== undefined && schemas !== undefined) return true
  if (process.env.HOLDFAST_REQUIRE_CLUSTER) throw new Error('slapd is demanded and missing')
  console.log('not run: slapd is not installed (Debian: slapd)')
  return false
}

export const suffix = 'dc=example,dc=org'
export const lookup = { dn: `cn=reader,${suffix}`, password: 'of the reader' }

export type DirectoryPerson = {
  /** `uid=…` */
  readonly uid: string
  readonly password: string
  /** `cn` of groups. */
  readonly groups?: readonly string[]
}

export class LdapDirectory {
  readonly url: string
  readonly tlsUrl: string
  /** PEM of the authority that its certificate is of. */
  readonly ca: string
  readonly caFile: string
  readonly #certificates: CertificateFiles
  readonly #process: ChildProcess
  readonly #remove: () => void
  #output = ''

  private constructor(parts: {
    ports: readonly [number, number]
    certificates: CertificateFiles
    process: ChildProcess
    remove: () => void
  }) {
    const [plain, tls] = parts.ports
    this.url = `ldap://127.0.0.1:${plain}`
    this.tlsUrl = `ldaps://127.0.0.1:${tls}`
    this.caFile = parts.certificates.authority
    this.ca = readFileSync(this.caFile, 'utf8')
    this.#certificates = parts.certificates
    this.#process = parts.process
    this.#remove = parts.remove
    parts.process.stderr?.on('data', (piece: Buffer) => {
      this.#output = `${this.#output}${piece}`.slice(-10_000)
    })
  }

  static async start(people: readonly DirectoryPerson[]): Promise<LdapDirectory> {
    assert.ok(program !== undefined && schemas !== undefined)
    const { path, remove } = makeTemporaryDirectory()
    const ports = [await freePort(), await freePort()] as const
    const certificates = await makeCertificates()
    writeFiles(path, { people, certificates })
    const added = spawnSync(
      program,
      ['-T', 'add', '-f', join(path, 'slapd.conf'), '-l', join(path, 'people.ldif')],
      { encoding: 'utf8' },
    )
    assert.strictEqual(added.status, 0, added.stderr)
    const urls = `ldap://127.0.0.1:${ports[0]}/ ldaps://127.0.0.1:${ports[1]}/`
    // With a level of messages given it stays in the foreground.
    const child = spawn(program, ['-f', join(path, 'slapd.conf'), '-h', urls, '-d', '0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    process.on('exit', () => child.kill('SIGKILL'))
    const directory = new LdapDirectory({ ports, certificates, process: child, remove })
    await until({
      for: 'slapd to answer',
      holds: () => answers(directory.url),
      hopeless: () => (child.exitCode === null ? undefined : `it ended:\n${directory.#output}`),
    })
    return directory
  }

  /** It keeps its connections, and answers nothing. */
  pause(): void {
    this.#process.kill('SIGSTOP')
  }

  resume(): void {
    this.#process.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGCONT')
      this.#process.kill('SIGTERM')
      await ended
    }
    this.#remove()
    await this.#certificates.discard()
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ url, connectTimeout: 2_000, timeout: 2_000 })
  try {
    await client.bind(lookup.dn, lookup.password)
    return true
  } catch {
    return false
  } finally {
    await client.unbind().catch(() => {})
  }
}

type Contents = {
  readonly people: readonly DirectoryPerson[]
  readonly certificates: CertificateFiles
}

function writeFiles(path: string, { people, certificates }: Contents): void {
  const { certificate, key } = certificates.server
  const at = (name: string) => join(path, name)
  mkdirSync(at('data'))
  const lines = [
    ...['core', 'cosine', 'inetorgperson'].map((name) => `include ${schemas}/${name}.schema`),
    `pidfile ${at('slapd.pid')}`,
    ...(modules === undefined ? [] : [`modulepath ${modules}`, 'moduleload back_mdb']),
    `TLSCertificateFile ${certificate}`,
    `TLSCertificateKeyFile ${key}`,
    'database mdb',
    `suffix "${suffix}"`,
    `directory ${at('data')}`,
    'maxsize 16777216',
    `rootdn "cn=admin,${suffix}"`,
    'access to attrs=userPassword by anonymous auth by * none',
    `access to * by dn.exact="${lookup.dn}" read by anonymous auth by * none`,
  ]
  writeFileSync(at('slapd.conf'), `${lines.join('\n')}\n`)
  writeFileSync(at('people.ldif'), ldifOf(people))
}

function ldifOf(people: readonly DirectoryPerson[]): string {
  const entry = (dn: string, ...attributes: readonly (readonly [string, string])[]) =>
    [['dn', dn] as const, ...attributes]
      // In Base64: values may have any characters.
      .map(([name, value]) => `${name}:: ${Buffer.from(value).toString('base64')}`)
      .join('\n')
  const dnOf = ({ uid }: DirectoryPerson) => `uid=${escapeDn(uid)},ou=people,${suffix}`
  const groups = [...new Set(people.flatMap(({ groups: of = [] }) => of))]
  const folder = (name: string) =>
    entry(`ou=${name},${suffix}`, ['objectClass', 'organizationalUnit'], ['ou', name])
  return [
    entry(
      suffix,
      ['objectClass', 'dcObject'],
      ['objectClass', 'organization'],
      ['o', 'x'],
      ['dc', 'example'],
    ),
    entry(
      lookup.dn,
      ['objectClass', 'organizationalRole'],
      ['objectClass', 'simpleSecurityObject'],
      ['cn', 'reader'],
      ['userPassword', lookup.password],
    ),
    folder('people'),
    folder('groups'),
    ...people.map((each) =>
      entry(
        dnOf(each),
        ['objectClass', 'inetOrgPerson'],
        ['uid', each.uid],
        ['cn', each.uid],
        ['sn', each.uid],
        ['userPassword', each.password],
      ),
    ),
    ...groups.map((cn) =>
      entry(
        `cn=${cn},ou=groups,${suffix}`,
        ['objectClass', 'groupOfNames'],
        ['cn', cn],
        ...people
          .filter(({ groups: of }) => of?.includes(cn))
          .map((each) => ['member', dnOf(each)] as const),
      ),
    ),
  ].join('\n\n')
}

function escapeDn(value: string): string {
  return value.replace(/[,+"\\<>;=#]/g, (character) => `\\${character}`)
}
