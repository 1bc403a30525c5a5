// Which network addresses are everybody's, and not those of this machine, this network or the link:
// what a server fetches for others must not reach into the network it stands in.
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
import { BlockList, isIPv4 } from 'node:net'

const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

const special = makeList()
/** Global unicast: all else is special. */
const global6 = oneSubnet('2000::', 3)

function makeList(): BlockList {
  const list = new BlockList()
  for (const [network, bits] of special4) list.addSubnet(network, bits, 'ipv4')
  // Within 2000::/3: protocols' own, documentation, and 6to4, which carries any IPv4 address.
  list.addSubnet('2001::', 23, 'ipv6')
  list.addSubnet('2001:db8::', 32, 'ipv6')
  list.addSubnet('2002::', 16, 'ipv6')
  list.addSubnet('3fff::', 20, 'ipv6')
  return list
}

function oneSubnet(network: string, bits: number): BlockList {
  const list = new BlockList()
  list.addSubnet(network, bits, 'ipv6')
  return list
}

/** `address` is one as `dns.lookup` gives it. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4')
  // IPv4 within IPv6 (::ffff:0:0/96, 64:ff9b::/96) is outside of 2000::/3, and so refused.
  return global6.check(address, 'ipv6') && !special.check(address, 'ipv6')
}
