// A TCP connection that sends exactly the bytes it is told to, and reads responses strictly: what a client
// library would smooth over fails here.
import assert from 'node:assert'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type RawResponse = {
  readonly status: number
  /** Status line and headers, as they came. */
  readonly head: string
  /** Lower-case names. Fails to parse when a name comes twice. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export class RawConnection {
  readonly socket: Socket
  /** Not put together before somebody looks: a large body comes in thousands of pieces. */
  private pieces: Buffer[] = []
  private receivedBytes = 0
  private ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setMaxListeners(0)
    socket.on('data', (piece) => {
      this.pieces.push(piece)
      this.receivedBytes += piece.length
      socket.emit('news')
    })
    const end = () => {
      this.ended = true
      socket.emit('news')
    }
    socket.on('end', end)
    socket.on('close', end)
    // A reset ends the connection as well; what was to come is missed by whoever waits for it.
    socket.on('error', end)
  }

  static async open(
    port: number,
    options: { allowHalfOpen?: boolean } = {},
  ): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', ...options })
    await once(socket, 'connect')
    socket.setNoDelay(true)
    return new RawConnection(socket)
  }

  /** Resolves when the bytes are with the kernel; a server that has hung up is no error. */
  async send(bytes: Buffer | string): Promise<void> {
    if (this.ended || this.socket.destroyed) return
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    await new Promise<void>((resolve) => this.socket.write(data, () => resolve()))
  }

  /** The next response. `to`: the method asked, for HEAD has no body whatever its headers say. */
  async response(to = 'GET'): Promise<RawResponse> {
    const head = await this.takeHead()
    const { status, headers } = parseHead(head)
    const bodiless = to === 'HEAD' || status < 200 || status === 204 || status === 304
    const body = bodiless ? Buffer.alloc(0) : await this.takeBody(headers)
    return { status, head, headers, body }
  }

  /** What came and is in no response yet, once the server has closed the connection. */
  async rest(): Promise<Buffer> {
    while (!this.ended) await once(this.socket, 'news')
    return this.received
  }

  /** What came and is in no response yet. */
  get pending(): Buffer {
    return this.received
  }

  private get received(): Buffer {
    const [first] = this.pieces
    if (first !== undefined && this.pieces.length === 1) return first
    const whole = Buffer.concat(this.pieces)
    this.pieces = [whole]
    return whole
  }

  get isEnded(): boolean {
    return this.ended
  }

  close(): void {
    this.socket.destroy()
  }

  private async takeHead(): Promise<string> {
    for (;;) {
      const end = this.received.indexOf('\r\n\r\n')
      if (end >= 0) return this.take(end + 4).toString('latin1')
      assert(!this.ended, `no response but ${JSON.stringify(this.received.toString('latin1'))}`)
      await once(this.socket, 'news')
    }
  }

  private async takeBody(headers: ReadonlyMap<string, string>): Promise<Buffer> {
    const length = headers.get('content-length')
    assert(!headers.has('transfer-encoding'), 'replies say how long they are')
    if (length === undefined) {
      assert.equal(
        headers.get('connection'),
        'close',
        'a body without a length ends the connection',
      )
      await this.rest()
      return this.take(this.receivedBytes)
    }
    assert.match(length, /^\d+$/)
    while (this.receivedBytes < Number(length)) {
      assert(!this.ended, `the body ended after ${this.receivedBytes} of ${length} bytes`)
      await once(this.socket, 'news')
    }
    return this.take(Number(length))
  }

  private take(count: number): Buffer {
    const { received } = this
    this.pieces = [received.subarray(count)]
    this.receivedBytes = received.length - count
    return received.subarray(0, count)
  }
}

function parseHead(head: string): Pick<RawResponse, 'status' | 'headers'> {
  const [statusLine = '', ...lines] = head.slice(0, -4).split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) [ -~]*$/.exec(statusLine)?.[1]
  assert(status !== undefined, `a status line: ${JSON.stringify(statusLine)}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\r\n\0]*)$/.exec(line)
    assert(parts !== null, `a header line: ${JSON.stringify(line)}`)
    const name = (parts[1] ?? '').toLowerCase()
    assert(!headers.has(name), `one header ${name}`)
    headers.set(name, parts[2] ?? '')
  }
  return { status: Number(status), headers }
}
