// The one way by which this server connects to where others have told it to: agents for https and for http,
// whose connections go to addresses that were judged. A name is resolved once, all its addresses are looked
// at, and the connection goes to one of those very addresses. Whoever makes the requests, redirects of
// a library included, uses it.
import { type LookupAddress, lookup } from 'node:dns'
import { Agent as PlainAgent, type ClientRequestArgs as PlainOptions } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import { AddressRefused } from './source-failure.ts'

export type AddressRules = {
  readonly isAllowed: (address: string) => boolean
  /** All addresses of a name. */
  readonly resolve: (host: string) => Promise<readonly LookupAddress[]>
  /** Certificates that are trusted in place of the well-known ones; PEM. */
  readonly ca?: string
}

type Connected = (cause: Error | null, stream: Duplex) => void

/** Keeps no connection for later, when nobody would look at its address again. */
export class GuardedAgent extends Agent {
  private readonly rules: AddressRules

  constructor(rules: AddressRules) {
    const ca = rules.ca === undefined ? {} : { ca: rules.ca }
    super({ keepAlive: false, lookup: guardedLookup(rules), ...ca })
    this.rules = rules
  }

  /** An address in place of a name is looked up by nobody. */
  override createConnection(options: RequestOptions, connected?: Connected) {
    requireAllowed(this.rules, options.host)
    return super.createConnection(options, connected)
  }
}

/** The same for requests without TLS. */
export class GuardedPlainAgent extends PlainAgent {
  private readonly rules: AddressRules

  constructor(rules: AddressRules) {
    super({ keepAlive: false, lookup: guardedLookup(rules) })
    this.rules = rules
  }

  override createConnection(options: PlainOptions, connected?: Connected) {
    requireAllowed(this.rules, options.host)
    return super.createConnection(options, connected)
  }
}

function requireAllowed({ isAllowed }: AddressRules, host: string | null | undefined): void {
  if (typeof host === 'string' && isIP(host) !== 0 && !isAllowed(host)) {
    throw new AddressRefused(host)
  }
}

/** Where there are to be none without TLS. */
export class NoPlainAgent extends PlainAgent {
  override createConnection(): never {
    throw new AddressRefused('a connection without TLS')
  }
}

/** As the system resolves names. */
export function systemResolve(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (failure, found) => {
      if (failure === null) resolve(found)
      else reject(failure)
    })
  })
}

function guardedLookup(rules: AddressRules): LookupFunction {
  return (host, options, done) => {
    judgedAddress(host, rules).then(
      (judged) => {
        if (options.all === true) done(null, [judged])
        else done(null, judged.address, judged.family)
      },
      (cause: NodeJS.ErrnoException) => done(cause, '', 0),
    )
  }
}

async function judgedAddress(host: string, rules: AddressRules): Promise<LookupAddress> {
  const found = await rules.resolve(host)
  const [first] = found
  if (first !== undefined && found.every(({ address }) => rules.isAllowed(address))) return first
  throw new AddressRefused(host)
}
