// A page in a real browser, of an origin of its own: its script sends the requests that a test hands it, one after the
// other, and tells what it could read of the answers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { within } from '../support/bounded-wait.ts'

export type PageRequest = {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text, or the fields of a form. */
  readonly body?: string | Readonly<Record<string, string>>
}

/** The browser has kept the answer from the page, or asked nothing; or what the page could read. */
export type PageSaw =
  | { readonly is: 'nothing' }
  | {
      readonly is: 'reply'
      readonly status: number
      readonly text: string
      /** Names in lower case: none but those that may be read. */
      readonly headers: Readonly<Record<string, string>>
    }

const script = `
const seen = []
const bodyOf = (body) => {
  if (typeof body !== 'object') return body
  const form = new FormData()
  for (const [name, value] of Object.entries(body)) form.append(name, value)
  return form
}
for (const { url, body, ...init } of await (await fetch('/requests')).json()) {
  try {
    const reply = await fetch(url, { ...init, body: bodyOf(body) })
    const headers = Object.fromEntries(reply.headers)
    seen.push({ is: 'reply', status: reply.status, text: await reply.text(), headers })
  } catch {
    seen.push({ is: 'nothing' })
  }
}
await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) })
`
const page = `<!doctype html><meta charset="utf-8"><title>test</title><script type="module">${script}</script>`

export class BrowserPage {
  /** Of the page. */
  readonly origin: string
  private readonly server: ReturnType<typeof createServer>
  private readonly folder: string
  private requests: readonly PageRequest[] = []
  private tell: (seen: readonly PageSaw[]) => void = () => {}

  private constructor(parts: {
    readonly server: ReturnType<typeof createServer>
    readonly origin: string
    readonly folder: string
  }) {
    this.server = parts.server
    this.origin = parts.origin
    this.folder = parts.folder
    this.server.on('request', (incoming, outgoing) => void this.serve(incoming, outgoing))
  }

  /** `folder`: where the browser may write. */
  static async open(folder: string): Promise<BrowserPage> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    return new BrowserPage({ server, origin: `http://127.0.0.1:${port}`, folder })
  }

  /** In a browser that has seen nothing before. */
  async send(requests: readonly PageRequest[]): Promise<readonly PageSaw[]> {
    this.requests = requests
    const seen = new Promise<readonly PageSaw[]>((resolve) => {
      this.tell = resolve
    })
    const browser = spawn('chromium', [...flags(this.folder), `${this.origin}/`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', HOME: this.folder },
      // Its processes are ended together.
      detached: true,
    })
    const said: string[] = []
    browser.stderr.on('data', (piece: Buffer) => said.push(piece.toString()))
    const told = () => said.join('')
    const gone = once(browser, 'close').then((): never => {
      throw new Error(`the browser has ended: ${told()}`)
    })
    try {
      return await within('what the page has seen', Promise.race([seen, gone]), told)
    } finally {
      if (browser.pid !== undefined && browser.exitCode === null) {
        process.kill(-browser.pid, 'SIGKILL')
      }
      await gone.catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  private async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of incoming) pieces.push(piece)
    if (incoming.url === '/requests') outgoing.end(JSON.stringify(this.requests))
    else if (incoming.url === '/') outgoing.setHeader('Content-Type', 'text/html').end(page)
    else outgoing.writeHead(204).end()
    if (incoming.url === '/seen') this.tell(parseSeen(Buffer.concat(pieces).toString()))
  }
}

/** As root it has no sandbox, and needs none for a page of ours. */
function flags(folder: string): readonly string[] {
  const own = `--user-data-dir=${join(folder, 'browser')}`
  const quiet = ['--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--no-proxy-server']
  return ['--headless', '--no-sandbox', ...quiet, own]
}

function parseSeen(text: string): readonly PageSaw[] {
  return JSON.parse(text) as readonly PageSaw[]
}
