// Whether somebody has an account in a directory: he is looked up by his name, and the directory is asked to let him in with
// his password. https://www.rfc-editor.org/rfc/rfc4513#section-5.1
import { isIP } from 'node:net'
import type { Client, ResultCodeError } from 'ldapts'
import type { LdapSettings } from '../../config/take-ldap.ts'
import { fillFilter } from './fill-filter.ts'

export type DirectoryUser = {
  readonly dn: string
  /** DNs. */
  readonly groups: readonly string[]
}

export type SignIn =
  | { readonly is: 'user'; readonly user: DirectoryUser }
  /** There is no such user, or it is another one's password. */
  | { readonly is: 'refused' }
  /** The directory does not answer, or not what it should. */
  | { readonly is: 'unreachable' }
  /** Too many sign in at once. */
  | { readonly is: 'busy' }

export type Directory = {
  signIn(by: { readonly name: string; readonly password: string }): Promise<SignIn>
}

/** Milliseconds: of one call, and of all together. */
const callMs = 5_000
const signInMs = 10_000
const signInsMax = 16
const groupsMax = 1_000
const tellAgainMs = 60_000
/** Of attributes, none. */
const noAttributes = ['1.1']

/** `onFailure` is told why the directory could not be asked, now and then: strangers can make it happen. */
export function openDirectory(
  settings: LdapSettings,
  onFailure: (cause: unknown) => void = () => {},
): Directory {
  let signIns = 0
  let toldMs = Number.NEGATIVE_INFINITY
  const tell = (cause: unknown) => {
    const nowMs = performance.now()
    if (nowMs - toldMs < tellAgainMs) return
    toldMs = nowMs
    onFailure(cause)
  }
  return {
    async signIn(by) {
      // Without a password, directories let anybody in as nobody, and say so with success.
      if (by.password === '') return { is: 'refused' }
      if (signIns >= signInsMax) return { is: 'busy' }
      signIns += 1
      try {
        return await signIn(settings, by)
      } catch (cause) {
        tell(cause)
        return { is: 'unreachable' }
      } finally {
        signIns -= 1
      }
    },
  }
}

type By = Parameters<Directory['signIn']>[0]
type Opened = { readonly ldap: typeof import('ldapts'); readonly settings: LdapSettings }

async function signIn(settings: LdapSettings, by: By): Promise<SignIn> {
  // Most servers have none to ask.
  const opened = { ldap: await import('ldapts'), settings }
  const clients = [newClient(opened), newClient(opened)] as const
  const late = setTimeout(() => void hangUp(clients), signInMs)
  try {
    return await ask(opened, clients, by)
  } finally {
    clearTimeout(late)
    await hangUp(clients)
  }
}

async function ask(
  opened: Opened,
  [lookup, own]: readonly [Client, Client],
  { name, password }: By,
): Promise<SignIn> {
  const { settings, ldap } = opened
  await connect(opened, lookup)
  const { lookup: by } = settings
  if (by === undefined) await lookup.bind('', '')
  else await lookup.bind(by.dn, by.password)
  const dn = await findUser(opened, lookup, name)
  if (dn === undefined) return { is: 'refused' }
  await connect(opened, own)
  try {
    await own.bind(dn, password)
  } catch (cause) {
    if (cause instanceof ldap.ResultCodeError && isOfUser(cause)) return { is: 'refused' }
    throw cause
  }
  return { is: 'user', user: { dn, groups: await findGroups(settings, lookup, { name, dn }) } }
}

function newClient({ ldap, settings: { url, ca } }: Opened): Client {
  // With such options the client speaks TLS at once, whatever the URL says.
  const tlsOptions = url.startsWith('ldaps:') ? { tlsOptions: tlsOf(url, ca) } : {}
  return new ldap.Client({ url, timeout: callMs, connectTimeout: callMs, ...tlsOptions })
}

async function connect({ settings: { startTls, url, ca } }: Opened, client: Client): Promise<void> {
  if (startTls) await client.startTLS(tlsOf(url, ca))
}

function tlsOf(url: string, ca: string | undefined) {
  const { hostname } = new URL(url.replace(/^ldaps?:/, 'https:'))
  const host = hostname.replace(/^\[|\]$/g, '')
  return {
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(ca === undefined ? {} : { ca }),
    minVersion: 'TLSv1.2' as const,
  }
}

/** Undefined: there is none, or it is not clear who is meant. */
async function findUser(
  { settings, ldap }: Opened,
  lookup: Client,
  name: string,
): Promise<string | undefined> {
  try {
    const { searchEntries } = await lookup.search(settings.userBase, {
      ...{ scope: 'sub', filter: fillFilter(settings.userFilter, { name }) },
      ...{ sizeLimit: 2, timeLimit: callMs / 1000, attributes: noAttributes },
    })
    const [found, ...more] = searchEntries
    return more.length === 0 && found?.dn ? found.dn : undefined
  } catch (cause) {
    if (cause instanceof ldap.SizeLimitExceededError) return undefined
    throw cause
  }
}

async function findGroups(
  { groupBase, groupFilter }: LdapSettings,
  lookup: Client,
  user: { readonly name: string; readonly dn: string },
): Promise<readonly string[]> {
  if (groupBase === undefined) return []
  const { searchEntries } = await lookup.search(groupBase, {
    ...{ scope: 'sub', filter: fillFilter(groupFilter, user) },
    ...{ sizeLimit: groupsMax, timeLimit: callMs / 1000, attributes: noAttributes },
  })
  return searchEntries.map(({ dn }) => dn)
}

/** LDAP's codes of a password that is wrong, and of an account that is locked, expired or has none. */
const codesOfUser: ReadonlySet<number> = new Set([19, 32, 34, 48, 49, 50, 53])

function isOfUser({ code }: ResultCodeError): boolean {
  return codesOfUser.has(code)
}

async function hangUp(clients: readonly Client[]): Promise<void> {
  for (const client of clients) {
    // It may never have been connected, or have been cut off.
    await client.unbind().catch(() => {})
  }
}
