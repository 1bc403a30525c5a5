// The address of a database, as far as it may say something: what would weaken that which verbs rest on is refused,
// instead of being overruled in silence. What it says wrong is told without what it says of passwords.
import { type Document, MongoClient, type MongoClientOptions } from 'mongodb'

/** The address is none, or asks for what would lose data. The message is for the operator. */
export class MongoAddressRefused extends Error {
  override readonly name = 'MongoAddressRefused'
}

/** Where an address names none. */
const defaultDatabase = 'holdfast'

/** What each of these must be, if it is said at all. Names in lower case. */
const fixed: ReadonlyMap<string, string | undefined> = new Map([
  ['w', 'majority'],
  ['journal', 'true'],
  ['readconcernlevel', 'majority'],
  ['readpreference', 'primary'],
  ['readpreferencetags', undefined],
  ['maxstalenessseconds', undefined],
  ['retrywrites', 'true'],
  ['retryreads', 'true'],
])

/** Times in which something must have happened: 0 would be for ever. */
const spans = [
  'sockettimeoutms',
  'connecttimeoutms',
  'waitqueuetimeoutms',
  'serverselectiontimeoutms',
]

/** Throws `MongoAddressRefused`, which says everything that is wrong with it. */
export function makeClient(
  uri: string,
  { defaults, required }: Readonly<Record<'defaults' | 'required', MongoClientOptions>>,
): MongoClient {
  const said = optionsOf(uri)
  const wrong = [...said].flatMap(([name, value]) => wrongWith(name.toLowerCase(), name, value))
  if (wrong.length > 0) throw new MongoAddressRefused(`the address of MongoDB: ${wrong.join('; ')}`)
  const names = new Set([...said.keys()].map((name) => name.toLowerCase()))
  const unsaid = Object.entries(defaults).filter(([name]) => !names.has(name.toLowerCase()))
  try {
    return new MongoClient(uri, { ...Object.fromEntries<Document>(unsaid), ...required })
  } catch (cause) {
    const why = cause instanceof Error ? withoutSecrets(cause.message, uri) : 'it cannot be read'
    // The cause is left out: it may quote what is secret.
    throw new MongoAddressRefused(`the address of MongoDB: ${why}`)
  }
}

function wrongWith(name: string, spelled: string, value: string): readonly string[] {
  if (spans.includes(name) && !/^[1-9]\d*$/.test(value)) {
    return [`${spelled} must be a number of milliseconds above 0`]
  }
  if (!fixed.has(name)) return []
  const must = fixed.get(name)
  if (must === undefined) return [`${spelled} must not be set, since reads are of the primary`]
  return value.toLowerCase() === must
    ? []
    : [`${spelled} must be ${must}, or not be set: data would be lost, or not seen`]
}

/** Of several hosts, it is no URL to Node. */
function optionsOf(uri: string): URLSearchParams {
  const at = uri.indexOf('?')
  return new URLSearchParams(at === -1 ? '' : uri.slice(at + 1))
}

function withoutSecrets(message: string, uri: string): string {
  // What comes after the name of the user.
  const secrets = /:\/\/([^/]*)@/.exec(uri)?.[1]?.split(':').slice(1) ?? []
  const spelled = secrets.flatMap((secret) => [secret, decoded(secret)])
  return [uri, ...spelled]
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '…'), message)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Which database an address means. Throws `MongoAddressRefused`. */
export function databaseNameOf(uri: string): string {
  const path = /^[^:]+:\/\/[^/?]*\/([^?]*)/.exec(uri)?.[1] ?? ''
  return path === '' ? defaultDatabase : decodeURIComponent(path)
}
