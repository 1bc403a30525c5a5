// A DNS server for tests (RFC 1035, RFC 2782 for SRV), on this machine alone: the names that it is given, and no others. While
// it is in use, this process asks it for every name.

import { createSocket, type Socket } from 'node:dgram'
import dns from 'node:dns'
import { once } from 'node:events'

export type NameRecord =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'SRV'; readonly port: number; readonly target: string }
  | { readonly type: 'TXT'; readonly text: string }
/** By name, in lower case. A question for one of `failing` is answered SERVFAIL, one for `silent` not at all. */
export type Names = {
  readonly records: Readonly<Record<string, readonly NameRecord[]>>
  readonly failing?: readonly string[]
  readonly silent?: readonly string[]
}

const typeCodes = { A: 1, TXT: 16, SRV: 33 } as const
const headerBytes = 12
const internet = 1
/** That the server has the last word, and may be asked to ask others. */
const answerFlags = 0x8580
const serverFailed = 2
const noSuchName = 3
const secondsToLive = 1

export class NameServer {
  readonly #socket: Socket
  readonly #serversBefore = dns.getServers()
  readonly #lookupBefore = dns.lookup

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async start(names: Names): Promise<NameServer> {
    const socket = createSocket('udp4')
    socket.on('message', (question, from) => {
      const answer = answerTo(question, names)
      if (answer !== undefined) socket.send(answer, from.port, from.address)
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const server = new NameServer(socket)
    server.#use()
    return server
  }

  async close(): Promise<void> {
    dns.setServers(this.#serversBefore)
    dns.lookup = this.#lookupBefore
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  /** Connections look names up in the files of the system besides, which know nothing of this. */
  #use(): void {
    dns.setServers([`127.0.0.1:${this.#socket.address().port}`])
    const before = this.#lookupBefore
    const lookup = (name: string, ...rest: readonly unknown[]) => {
      const answer = rest.at(-1)
      const isAll = typeof rest[0] === 'object' && rest[0] !== null && 'all' in rest[0]
      if (typeof answer !== 'function' || /^[\d.:]+$|^localhost$/.test(name)) {
        Reflect.apply(before, dns, [name, ...rest])
        return
      }
      dns.resolve4(name, (cause, addresses) => {
        if (cause !== null) answer(cause)
        else if (isAll)
          answer(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          )
        else answer(null, addresses[0], 4)
      })
    }
    dns.lookup = Object.assign(lookup, before)
  }
}

/** The answer to the one question that resolvers ask at a time. Undefined: there is none. */
function answerTo(question: Buffer, { records, failing, silent }: Names): Buffer | undefined {
  const { name, end } = nameAt(question, headerBytes)
  const code = question.readUInt16BE(end)
  if (silent?.includes(name)) return undefined
  const known = records[name]
  const failed = known === undefined ? noSuchName : 0
  const outcome = failing?.includes(name) ? serverFailed : failed
  const wanted = (outcome === 0 ? (known ?? []) : []).filter(({ type }) => typeCodes[type] === code)
  const header = Buffer.alloc(headerBytes)
  question.copy(header, 0, 0, 2)
  header.writeUInt16BE(answerFlags | outcome, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(wanted.length, 6)
  const asked = question.subarray(headerBytes, end + 4)
  return Buffer.concat([header, asked, ...wanted.map(encodeRecord)])
}

/** Of what was asked for: its name is that of the question, by reference. */
function encodeRecord(record: NameRecord): Buffer {
  const data = encodeData(record)
  const head = Buffer.alloc(headerBytes)
  head.writeUInt16BE(0xc000 | headerBytes, 0)
  head.writeUInt16BE(typeCodes[record.type], 2)
  head.writeUInt16BE(internet, 4)
  head.writeUInt32BE(secondsToLive, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function encodeData(record: NameRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.address.split('.').map(Number))
    case 'TXT':
      return Buffer.concat([Buffer.of(record.text.length), Buffer.from(record.text, 'latin1')])
    case 'SRV': {
      // Priority, weight, port.
      const numbers = Buffer.alloc(6)
      numbers.writeUInt16BE(record.port, 4)
      return Buffer.concat([numbers, encodeName(record.target)])
    }
    default:
      return record satisfies never
  }
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.of(label.length), Buffer.from(label)])
  return Buffer.concat([...labels, Buffer.of(0)])
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = start
  for (;;) {
    const length = message[at] ?? 0
    at += 1
    if (length === 0) return { name: labels.join('.').toLowerCase(), end: at }
    labels.push(message.toString('latin1', at, at + length))
    at += length
  }
}
