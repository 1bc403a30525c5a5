// Where metadata are, as people write it: one setting for every engine there is. What is wrong is said in whole
// sentences, and a password in a location is shown to nobody.

export type MetadataLocation =
  /** Embedded: this process alone has that directory. */
  | { readonly is: 'lmdb'; readonly directory: string }
  /** As its driver takes it, password and all: for `showMetadataLocation` to be shown. */
  | { readonly is: 'mongodb'; readonly uri: string }
  /** Metadata services before one engine: scheme, host and port each. */
  | { readonly is: 'service'; readonly endpoints: readonly URL[] }

export type ParsedLocation =
  | { readonly is: 'location'; readonly location: MetadataLocation }
  /** A sentence each, without a full stop. None has what may be a password. */
  | { readonly is: 'mistakes'; readonly mistakes: readonly string[] }

export const metadataLocationForms =
  'lmdb:DIR, mongodb://…, mongodb+srv://… or https://HOST:PORT[,HOST:PORT…]'

export function parseMetadataLocation(raw: string): ParsedLocation {
  const text = raw.trim()
  const scheme = /^([a-z][a-z+]*):/i.exec(text)?.[1]?.toLowerCase()
  switch (scheme) {
    case 'lmdb':
      return parseLmdb(text.slice('lmdb:'.length))
    case 'mongodb':
    case 'mongodb+srv':
      return parseMongo(text, scheme)
    case 'http':
    case 'https':
      return parseServices(text, scheme)
    default:
      return mistakes([
        scheme === undefined
          ? `the metadata are at ${metadataLocationForms}; for a directory, write lmdb: before it`
          : `there is no kind of metadata called "${scheme}:"; there is ${metadataLocationForms}`,
      ])
  }
}

/** For people and logs. */
export function showMetadataLocation(location: MetadataLocation): string {
  switch (location.is) {
    case 'lmdb':
      return `lmdb:${location.directory}`
    case 'mongodb':
      return location.uri.replace(/^([^:]+:\/\/)[^/?]*@/, '$1***@').replace(/\?.*$/s, '?***')
    case 'service':
      return location.endpoints.map(({ origin }) => origin).join(',')
    default:
      return location satisfies never
  }
}

function mistakes(found: readonly string[]): ParsedLocation {
  return { is: 'mistakes', mistakes: found }
}

function parseLmdb(directory: string): ParsedLocation {
  if (directory === '') return mistakes(['lmdb: needs a directory, as in lmdb:./metadata'])
  if (directory.includes('\0')) return mistakes(['lmdb: needs a directory without NULs'])
  if (directory.startsWith('//')) {
    return mistakes(['lmdb: is followed by a directory at once, as in lmdb:/var/lib/holdfast'])
  }
  return { is: 'location', location: { is: 'lmdb', directory } }
}

/** Only as far as a driver would not say it better. */
function parseMongo(uri: string, scheme: 'mongodb' | 'mongodb+srv'): ParsedLocation {
  const rest = uri.slice(scheme.length + 1)
  const found: string[] = []
  if (!rest.startsWith('//')) found.push(`${scheme}: is followed by //HOST`)
  else if (/\s/.test(rest)) found.push(`${scheme}: has blanks in it; write them as %20`)
  else {
    const authority = rest.slice(2).split(/[/?]/, 1)[0] ?? ''
    const hosts = authority.slice(authority.lastIndexOf('@') + 1)
    if (hosts === '') found.push(`${scheme}: names no host`)
    if (authority.split('@').length > 2) {
      found.push(`${scheme}: has an @ in its user name or password; write it as %40`)
    }
    if (scheme === 'mongodb+srv' && /[,:]/.test(hosts)) {
      found.push('mongodb+srv: names one host, without a port; DNS tells the others')
    }
  }
  return found.length > 0
    ? mistakes(found)
    : { is: 'location', location: { is: 'mongodb', uri: `${scheme}:${rest}` } }
}

/** Those behind the first may leave out the scheme. */
function parseServices(text: string, scheme: 'http' | 'https'): ParsedLocation {
  const found: string[] = []
  const endpoints: URL[] = []
  for (const [index, piece] of text.split(',').entries()) {
    const each = piece.trim()
    const parsed = parseService(each.includes('://') ? each : `${scheme}://${each}`, scheme)
    if (typeof parsed === 'string') found.push(`metadata service ${index + 1}: ${parsed}`)
    else if (endpoints.some(({ host }) => host === parsed.host)) {
      found.push(`metadata service ${index + 1}: ${parsed.host} is named twice`)
    } else endpoints.push(parsed)
  }
  return found.length > 0
    ? mistakes(found)
    : { is: 'location', location: { is: 'service', endpoints } }
}

/** A text says what is wrong with it. */
function parseService(text: string, scheme: string): URL | string {
  if (!URL.canParse(text)) return 'this is not HOST:PORT'
  const url = new URL(text)
  if (url.protocol !== `${scheme}:`) return 'all of them have http, or all have https'
  if (url.username !== '' || url.password !== '') {
    return 'the secret of the cluster does not stand here; set HOLDFAST_CLUSTER_SECRET'
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return 'nothing stands behind the port'
  }
  // A port that is the usual one of its scheme is not kept: whoever wrote it meant it.
  if (!/:\d+\/?$/.test(text)) return `${url.hostname} needs its port, as in ${url.hostname}:9002`
  return url
}
