// Forms of IAM, signed and posted by hand: also those that no client of AWS would send.
import assert from 'node:assert'
import { createHash, createHmac } from 'node:crypto'
import { serverKey, serverRegion } from './start-server.ts'

export type FormKey = { readonly accessKeyId: string; readonly secretAccessKey: string }

export class FormAnswer {
  readonly status: number
  readonly body: string

  constructor(status: number, body: string) {
    this.status = status
    this.body = body
  }

  /** `NoSuchEntity 404`, or `200`. */
  get outcome(): string {
    return this.status === 200 ? '200' : `${this.value('Code')} ${this.status}`
  }

  get message(): string {
    return this.value('Message')
  }

  /** Of the first element of that name; empty: there is none. */
  value(name: string): string {
    return this.values(name)[0] ?? ''
  }

  values(name: string): readonly string[] {
    return [...this.body.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(
      ([, text = '']) => text,
    )
  }
}

export class FormClient {
  readonly #ports: readonly number[]
  readonly #key: FormKey
  #posted = 0

  /** Of several ports, each form goes to the next. */
  constructor(ports: number | readonly number[], key: FormKey = serverKey) {
    this.#ports = typeof ports === 'number' ? [ports] : ports
    this.#key = key
  }

  /** Lists are written out: `'Tags.member.1.Key'`. */
  ask(action: string, parameters: Readonly<Record<string, string>> = {}): Promise<FormAnswer> {
    const form = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters })
    return this.post(form.toString())
  }

  /** Fails unless it is done. */
  async do(action: string, parameters: Readonly<Record<string, string>> = {}): Promise<FormAnswer> {
    const answer = await this.ask(action, parameters)
    assert.strictEqual(answer.outcome, '200', `${action}: ${answer.body}`)
    return answer
  }

  async post(form: string | Buffer): Promise<FormAnswer> {
    const body = Buffer.from(form)
    const host = `127.0.0.1:${this.#ports[this.#posted % this.#ports.length]}`
    this.#posted += 1
    const reply = await fetch(`http://${host}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        ...this.#sign(host, body),
      },
      body,
    })
    return new FormAnswer(reply.status, await reply.text())
  }

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
  #sign(host: string, body: Buffer): Readonly<Record<string, string>> {
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
    const day = time.slice(0, 8)
    const scope = `${day}/${serverRegion}/iam/aws4_request`
    const names = 'host;x-amz-date'
    const lines = ['POST', '/', '', `host:${host}`, `x-amz-date:${time}`, '', names, sha256(body)]
    const text = ['AWS4-HMAC-SHA256', time, scope, sha256(lines.join('\n'))].join('\n')
    let key: Buffer = Buffer.from(`AWS4${this.#key.secretAccessKey}`)
    for (const part of scope.split('/')) key = hmac(key, part)
    const signature = hmac(key, text).toString('hex')
    const credential = `Credential=${this.#key.accessKeyId}/${scope}`
    const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`
    return { 'x-amz-date': time, authorization }
  }
}

function sha256(of: string | Buffer): string {
  return createHash('sha256').update(of).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
