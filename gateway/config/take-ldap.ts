// The directory whose users may get credentials (AssumeRoleWithLDAPIdentity), as several settings describe it.
import type { ConfigSources } from './config-sources.ts'
import { BadValue, parsePath, parseSwitch } from './config-values.ts'
import { type LdapRole, parseLdapRoles } from './ldap-roles.ts'
import type { SettingValues } from './setting-values.ts'
import { type SettingName, variableOf } from './settings.ts'
import { takePemText } from './take-pem-text.ts'

/** Plain data, so that it can be handed on. */
export type LdapSettings = {
  /** `ldap://HOST:PORT` or `ldaps://HOST:PORT` */
  readonly url: string
  readonly startTls: boolean
  /** PEM of authorities, in place of the well-known ones. */
  readonly ca?: string
  /** Who looks users up. Absent: nobody in particular. */
  readonly lookup?: { readonly dn: string; readonly password: string }
  readonly userBase: string
  /** `%s` stands for the name that somebody signs in with. */
  readonly userFilter: string
  /** Absent: groups are not asked for. */
  readonly groupBase?: string
  /** `%d` stands for the DN of the user, `%s` for his name. */
  readonly groupFilter: string
  readonly roles: readonly LdapRole[]
}

const others: readonly SettingName[] = [
  ...(['ldap-start-tls', 'ldap-ca', 'ldap-bind-dn', 'ldap-bind-password'] as const),
  ...(['ldap-user-base', 'ldap-user-filter', 'ldap-group-base', 'ldap-group-filter'] as const),
  ...(['ldap-roles-file', 'ldap-without-tls'] as const),
]

/** `undefined`: there is none, or it cannot be used as it is described, which is noted. */
export function takeLdap(values: SettingValues, sources: ConfigSources): LdapSettings | undefined {
  if (!values.has('ldap-server')) {
    const alone = others.find((name) => values.has(name))
    if (alone !== undefined) values.refuse(alone, 'says nothing without --ldap-server')
    return undefined
  }
  const url = values.take('ldap-server', parseLdapUrl)
  const startTls = values.takeOr('ldap-start-tls', parseSwitch)
  requireTls(values, { url, startTls })
  const ca = takePemText(values, 'ldap-ca', sources)
  const lookup = takeLookup(values)
  const userBase = takeNeeded(values, 'ldap-user-base', parseDn)
  const userFilter = values.takeOr('ldap-user-filter', parseFilter)
  const groupBase = values.take('ldap-group-base', parseDn)
  const groupFilter = values.takeOr('ldap-group-filter', parseFilter)
  const roles = takeNeeded(values, 'ldap-roles-file', (raw) => {
    return parseLdapRoles(parsePath(raw), sources)
  })
  if (url === undefined || userBase === undefined || roles === undefined) return undefined
  return {
    ...{ url: url.href.replace(/\/$/, ''), startTls, userBase, userFilter, groupFilter, roles },
    ...(ca === undefined ? {} : { ca }),
    ...(lookup === undefined ? {} : { lookup }),
    ...(groupBase === undefined ? {} : { groupBase }),
  }
}

function takeNeeded<T>(
  values: SettingValues,
  name: SettingName,
  parse: (raw: string) => T,
): T | undefined {
  if (!values.has(name)) values.refuse('ldap-server', `needs --${name} too`)
  return values.take(name, parse)
}

function takeLookup(values: SettingValues): LdapSettings['lookup'] {
  const pair = values.takePair(['ldap-bind-dn', 'ldap-bind-password'], [parseDn, parsePassword])
  return pair && { dn: pair[0], password: pair[1] }
}

function parseLdapUrl(raw: string): URL {
  const url = URL.canParse(raw) ? new URL(raw) : undefined
  const isLdap = url?.protocol === 'ldap:' || url?.protocol === 'ldaps:'
  const isWhole = url?.username === '' && url.password === '' && url.search === ''
  if (url !== undefined && isLdap && isWhole && url.host !== '' && /^\/?$/.test(url.pathname)) {
    return url
  }
  throw new BadValue('is no URL of a directory alone, as in ldaps://ldap.example.org')
}

/** Passwords go there, and what comes back decides who somebody is. */
function requireTls(
  values: SettingValues,
  { url, startTls }: { readonly url: URL | undefined; readonly startTls: boolean },
): void {
  const isAllowed = values.takeOr('ldap-without-tls', parseSwitch)
  if (url === undefined) return
  if (url.protocol === 'ldaps:') {
    if (startTls) values.refuse('ldap-start-tls', 'is for ldap://; ldaps:// has TLS from the start')
    return
  }
  const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (startTls || isHere || isAllowed) return
  values.refuse(
    'ldap-server',
    `passwords would go over the network as they are: use ldaps:// or --ldap-start-tls, or set ${variableOf('ldap-without-tls')}=on`,
  )
}

function parseDn(raw: string): string {
  if (/^[^\x00-\x1f]{1,1000}$/.test(raw) && raw.includes('=')) return raw
  throw new BadValue('is no distinguished name, as in ou=people,dc=example,dc=org')
}

function parsePassword(raw: string): string {
  if (raw !== '') return raw
  throw new BadValue('is empty: directories take that for no password at all')
}

function parseFilter(raw: string): string {
  let depth = 0
  for (const character of raw) {
    depth += character === '(' ? 1 : character === ')' ? -1 : 0
    if (depth < 0) break
  }
  if (raw.startsWith('(') && raw.endsWith(')') && depth === 0 && /%[sd]/.test(raw)) return raw
  throw new BadValue('is no filter with %s (or %d) in it, as in (uid=%s)')
}
