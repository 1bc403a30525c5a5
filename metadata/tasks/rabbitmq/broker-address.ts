// Where RabbitMQ is, and as whom we come: a URL as RabbitMQ's own libraries take it, with several hosts behind
// one another if there are, tried in turn. Its mistakes are told without repeating it: it may hold a password.

export type BrokerHost = { readonly host: string; readonly port: number }

export type BrokerAddress = {
  readonly hosts: readonly BrokerHost[]
  readonly isTls: boolean
  readonly user: string
  readonly password: string
  readonly virtualHost: string
  /** What the names of all our queues and exchanges begin with. */
  readonly prefix: string
  /** PEM files. */
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

/** The message completes "--tasks: …", and holds nothing of a password. */
export class BadBrokerAddress extends Error {
  override readonly name = 'BadBrokerAddress'
}

const urlPattern =
  /^(amqps?):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^@/?#]+)(?:\/([^@/?#]*))?(?:\?([^@#]*))?$/i
const hostPattern = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i
const prefixPattern = /^(?!amq\.)[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/
const form = 'amqp://USER:PASSWORD@HOST:PORT,HOST:PORT/VHOST?prefix=NAME'
const parameterNames = ['prefix', 'cacertfile', 'certfile', 'keyfile'] as const

export function isBrokerUrl(raw: string): boolean {
  return /^amqps?:/i.test(raw)
}

/** Throws `BadBrokerAddress`. */
export function parseBrokerAddress(raw: string): BrokerAddress {
  const match = urlPattern.exec(raw)
  if (match === null) {
    const hint =
      'in user, password and virtual host, write / : @ ? and # as %2F %3A %40 %3F and %23'
    throw new BadBrokerAddress(`is not a URL such as ${form}; ${hint}`)
  }
  const [, scheme = '', user, password, hosts = '', virtualHost, query] = match
  const isTls = scheme.toLowerCase() === 'amqps'
  const { prefix = 'holdfast', cacertfile, certfile, keyfile } = parseParameters(query)
  if (!prefixPattern.test(prefix)) {
    const rule = 'letters, digits, "_", "." and "-", 64 at most, not beginning with "amq."'
    throw new BadBrokerAddress(`the prefix may have ${rule}`)
  }
  const files = [cacertfile, certfile, keyfile].filter((file) => file !== undefined)
  if (files.length > 0 && !isTls) throw new BadBrokerAddress('certificates go with amqps:// alone')
  if ((certfile === undefined) !== (keyfile === undefined)) {
    throw new BadBrokerAddress('certfile and keyfile are needed together')
  }
  return {
    hosts: hosts.split(',').map((host) => parseHost(host, isTls)),
    isTls,
    // As everywhere: RabbitMQ's own default, which it lets in from its own machine alone.
    user: user === undefined ? 'guest' : decode(user, 'user'),
    password: user === undefined ? 'guest' : decode(password ?? '', 'password'),
    virtualHost: decode(virtualHost ?? '', 'virtual host') || '/',
    prefix,
    ...(cacertfile === undefined ? {} : { caFile: cacertfile }),
    ...(certfile === undefined || keyfile === undefined
      ? {}
      : { certFile: certfile, keyFile: keyfile }),
  }
}

function parseHost(raw: string, isTls: boolean): BrokerHost {
  const match = hostPattern.exec(raw)
  const port = Number(match?.[3] ?? (isTls ? 5671 : 5672))
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || port < 1 || port > 65_535) {
    // Not repeated: it may be the end of a password that was not escaped.
    throw new BadBrokerAddress('one of its hosts is not HOST, HOST:PORT or [IPv6]:PORT')
  }
  return { host, port }
}

type Parameters = Partial<Record<(typeof parameterNames)[number], string>>

function parseParameters(query = ''): Parameters {
  const parameters: Parameters = {}
  for (const [given, value] of new URLSearchParams(query)) {
    const name = parameterNames.find((each) => each === given)
    if (name === undefined) {
      throw new BadBrokerAddress(
        `it has a parameter that there is not; there are ${parameterNames.join(', ')}`,
      )
    }
    if (parameters[name] !== undefined) throw new BadBrokerAddress(`${name} is given twice`)
    if (value === '') throw new BadBrokerAddress(`${name} is empty`)
    parameters[name] = value
  }
  return parameters
}

function decode(raw: string, what: string): string {
  try {
    return decodeURIComponent(raw)
  } catch {
    throw new BadBrokerAddress(`the ${what} has a % that begins no escape; write it as %25`)
  }
}

/** For logs and messages: without user and password. */
export function showBroker({ hosts, virtualHost }: BrokerAddress): string {
  const places = hosts.map(({ host, port }) =>
    host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
  )
  return virtualHost === '/' ? places.join(', ') : `${places.join(', ')} (vhost ${virtualHost})`
}
