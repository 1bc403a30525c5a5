// A load generator that costs little itself: raw sockets, requests prepared beforehand, replies only
// counted. For keep-alive HTTP/1.1 replies with a Content-Length.
import { connect, type Socket } from 'node:net'

export type LoadResult = {
  readonly requests: number
  readonly seconds: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly bodyBytes: number
}

export type Load = {
  readonly port: number
  readonly connections: number
  /** Stops after so many requests, or after so many seconds, whichever is first. */
  readonly requests: number
  readonly seconds: number
  /** The whole request, head and body. */
  readonly request: (index: number) => Buffer
  readonly expectedStatus?: number
}

export async function runLoad(load: Load): Promise<LoadResult> {
  const latencies: number[] = []
  let next = 0
  let bodyBytes = 0
  const started = performance.now()
  const until = started + load.seconds * 1000
  const drive = async () => {
    const socket = await open(load.port)
    const replies = new ReplyReader(socket)
    try {
      while (next < load.requests && performance.now() < until) {
        const index = next
        next += 1
        const sent = performance.now()
        socket.write(load.request(index))
        const reply = await replies.next()
        if (reply.status !== (load.expectedStatus ?? 200)) {
          throw new Error(`request ${index} was answered ${reply.status}`)
        }
        bodyBytes += reply.bodyBytes
        latencies.push(performance.now() - sent)
      }
    } finally {
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: load.connections }, drive))
  const seconds = (performance.now() - started) / 1000
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  return {
    requests: latencies.length,
    seconds,
    perSecond: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    bodyBytes,
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

type ReplyHead = { readonly status: number; readonly bodyBytes: number }

class ReplyReader {
  private head: Buffer = Buffer.alloc(0)
  private missing = 0
  private current: ReplyHead | undefined
  private waiting:
    | { resolve: (reply: ReplyHead) => void; reject: (cause: Error) => void }
    | undefined

  constructor(socket: Socket) {
    socket.on('data', (bytes) => this.take(bytes))
    socket.on('error', (cause) => this.waiting?.reject(cause))
    socket.on('close', () => this.waiting?.reject(new Error('the server closed the connection')))
  }

  next(): Promise<ReplyHead> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
    })
  }

  private take(bytes: Buffer): void {
    let rest = bytes
    if (this.current === undefined) {
      this.head = this.head.length === 0 ? rest : Buffer.concat([this.head, rest])
      const end = this.head.indexOf('\r\n\r\n')
      if (end === -1) return
      this.current = parseHead(this.head.toString('latin1', 0, end))
      this.missing = this.current.bodyBytes
      rest = this.head.subarray(end + 4)
      this.head = Buffer.alloc(0)
    }
    this.missing -= rest.length
    if (this.missing > 0) return
    const reply = this.current
    this.current = undefined
    this.waiting?.resolve(reply)
  }
}

function parseHead(head: string): ReplyHead {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  return { status: Number(head.slice(9, 12)), bodyBytes: Number(length?.[1] ?? 0) }
}
