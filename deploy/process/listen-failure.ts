// Why an address cannot be listened on, by the flag that names it; and a look at all of them before
// anything else is begun.
import { createServer, type Server } from 'node:net'
import type { Config } from '../../gateway/config/config.ts'
import { type HostPort, showHostPort } from '../../gateway/config/config-values.ts'

export type ListenFlag = '--listen' | '--admin-listen'

/** The message names flag, address and reason, and what to do. */
export class ListenRefused extends Error {
  override readonly name = 'ListenRefused'
}

/** Made of what a listening server emits; anything else stays what it is. */
export function listenFailure(flag: ListenFlag, address: HostPort, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause && 'syscall' in cause)) return cause
  if (!['listen', 'bind', 'getaddrinfo'].includes(String(cause.syscall))) return cause
  const said = reasons.get(String(cause.code))?.(flag, address) ?? cause.message
  return new ListenRefused(`${flag} ${showHostPort(address)}: ${said}`, { cause })
}

const reasons: ReadonlyMap<string, (flag: ListenFlag, address: HostPort) => string> = new Map([
  [
    'EADDRINUSE',
    (flag, { host, port }) =>
      `port ${port} is in use already. Stop what listens there, or choose another: ${flag} ${showHostPort({ host, port: otherPort(port) })}`,
  ],
  [
    'EACCES',
    (flag, { host, port }) =>
      `this user may not listen on port ${port}; ports below 1024 are for root, unless the system allows them to others (CAP_NET_BIND_SERVICE). Choose another: ${flag} ${showHostPort({ host, port: (port % 1000) + 9000 })}`,
  ],
  [
    'EADDRNOTAVAIL',
    (flag, address) =>
      address.host === '::' ? noIPv6(flag, address) : `this machine has no address ${address.host}`,
  ],
  ['ENOTFOUND', (_, { host }) => `there is no host by the name of ${host}`],
  ['EAI_AGAIN', (_, { host }) => `the name ${host} cannot be looked up now`],
  ['EAFNOSUPPORT', noIPv6],
])

function noIPv6(flag: ListenFlag, { port }: HostPort): string {
  return `this machine does not speak IPv6. For all addresses without it: ${flag} 0.0.0.0:${port}`
}

function otherPort(port: number): number {
  return port + 100 <= 65_535 ? port + 100 : port - 100
}

/**
 * Throws `ListenRefused`, about both addresses when both are at fault; `ifTaken` adds what is known of who
 * uses them. What is free now may be taken a moment later: whoever listens in earnest says so by
 * `listenFailure` too.
 */
export async function requireFreeAddresses(
  { listen, adminListen }: Pick<Config, 'listen' | 'adminListen'>,
  { ifTaken = () => undefined }: { readonly ifTaken?: () => string | undefined } = {},
): Promise<void> {
  // Held together: two names of one address are met so.
  const s3 = await tryListen('--listen', listen)
  const admin = await tryListen('--admin-listen', adminListen)
  const refused: ListenRefused[] = []
  for (const outcome of [s3, admin]) {
    if (outcome instanceof ListenRefused) refused.push(outcome)
    else await release(outcome)
  }
  if (refused.length === 0) return
  const isSamePort = listen.port === adminListen.port && !(s3 instanceof ListenRefused)
  const more = isSamePort ? 'Both are given the same port.' : refused.some(isTaken) && ifTaken()
  const lines = [...refused.map(({ message }) => message), ...(more ? [more] : [])]
  throw new ListenRefused(lines.join('\n'), { cause: refused[0]?.cause })
}

function isTaken({ cause }: ListenRefused): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
}

function tryListen(flag: ListenFlag, address: HostPort): Promise<Server | ListenRefused> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const failure = listenFailure(flag, address, cause)
      if (failure instanceof ListenRefused) resolve(failure)
      else reject(failure)
    })
    server.listen(address.port, address.host, () => resolve(server))
  })
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
