// Addresses and ranges of IPv4 and IPv6 for conditions on where a request comes from. An IPv6 address that
// stands for one of IPv4 (`::ffff:192.0.2.1`) is that one. https://www.rfc-editor.org/rfc/rfc4291#section-2.2
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress

/** 4 or 16 bytes. */
type Address = readonly number[]

/** All addresses of the same length that have the same first `bits` bits. */
export type IpRange = { readonly address: Address; readonly bits: number }

/** An address, or one with the length of its prefix. Undefined: it is none. */
export function parseIpRange(text: string): IpRange | undefined {
  const [written = '', length, ...others] = text.split('/')
  if (others.length > 0) return undefined
  const address = parseWritten(written)
  if (address === undefined) return undefined
  const whole = address.length * 8
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined
  const bits = length === undefined ? whole : Number(length)
  if (bits > whole) return undefined
  if (isMapped(address) && bits >= 96) return { address: address.slice(12), bits: bits - 96 }
  return { address, bits }
}

/** Undefined: it is none. */
export function parseIpAddress(text: string): Address | undefined {
  const address = parseWritten(text)
  return address !== undefined && isMapped(address) ? address.slice(12) : address
}

export function isInRange(address: Address, range: IpRange): boolean {
  if (address.length !== range.address.length) return false
  let left = range.bits
  for (let at = 0; left > 0; at += 1, left -= 8) {
    const ignored = Math.max(0, 8 - left)
    const differ = (address[at] ?? 0) ^ (range.address[at] ?? 0)
    if (differ >>> ignored !== 0) return false
  }
  return true
}

function parseWritten(text: string): Address | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text)
}

function isMapped(address: Address): boolean {
  if (address.length !== 16) return false
  return address.slice(0, 12).every((byte, at) => byte === (at < 10 ? 0 : 255))
}

function parseV4(text: string): Address | undefined {
  if (text.length > 15) return undefined
  const fields = text.split('.')
  if (fields.length !== 4) return undefined
  const bytes = fields.map((field) => (/^(0|[1-9]\d{0,2})$/.test(field) ? Number(field) : 256))
  return bytes.every((byte) => byte < 256) ? bytes : undefined
}

function parseV6(text: string): Address | undefined {
  if (text.length > 45) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(parseGroups)
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 16 ? head : undefined
  if (tail === undefined || head.length + tail.length > 14) return undefined
  const zeros = new Array<number>(16 - head.length - tail.length).fill(0)
  return [...head, ...zeros, ...tail]
}

/** Two bytes a group; the last one may be an address of IPv4. */
function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [at, group] of groups.entries()) {
    const v4 = at === groups.length - 1 && group.includes('.') ? parseV4(group) : undefined
    if (v4 !== undefined) bytes.push(...v4)
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >>> 8, value & 255)
    } else return undefined
  }
  return bytes
}
