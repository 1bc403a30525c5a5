// What a server that is killed must still hold: for every key the one content that was acknowledged
// last, or, while an answer is outstanding, either that or what was asked for. No network in here.
import assert from 'node:assert'
import { createCipheriv, createHash } from 'node:crypto'

/** Bytes that follow from the seed and the number alone. Equal numbers are equal contents. */
export type Content = { readonly number: number; readonly bytes: number }
export type State = Content | 'absent'

export class ExpectedObjects {
  readonly #seed: string
  readonly #possible = new Map<string, readonly State[]>()
  /** Bytes of writes that were never acknowledged: they may lie about as orphans. */
  unacknowledgedBytes = 0

  constructor(seed: string) {
    this.#seed = seed
  }

  get keys(): readonly string[] {
    return [...this.#possible.keys()]
  }

  /** A write of `key` is on its way and may or may not happen. */
  begin(key: string, wanted: State): void {
    const before = this.#possible.get(key) ?? ['absent']
    assert.strictEqual(before.length, 1, `${key} is being written by somebody else`)
    this.#possible.set(key, [...before, wanted])
  }

  /** The server has said that it is done. */
  acknowledge(key: string): void {
    const [, wanted] = this.#possible.get(key) ?? []
    assert(wanted !== undefined, `no write of ${key} is under way`)
    this.#possible.set(key, [wanted])
  }

  /** No answer came. */
  giveUp(key: string): void {
    const [, wanted] = this.#possible.get(key) ?? []
    if (wanted !== undefined && wanted !== 'absent') this.unacknowledgedBytes += wanted.bytes
  }

  /** The content the key has for certain; absent too while that is open. */
  certain(key: string): Content | undefined {
    const [only, other] = this.#possible.get(key) ?? []
    return other === undefined && only !== 'absent' ? only : undefined
  }

  /** Compares with what the server has, which is from then on what it must have. */
  settle(key: string, found: Buffer | 'absent'): void {
    const possible = this.#possible.get(key) ?? ['absent']
    const match = possible.find((state) => this.#is(state, found))
    if (match === undefined) {
      const has = found === 'absent' ? 'nothing' : `${found.length} other bytes`
      assert.fail(`${key} has ${has}, and not what was acknowledged: ${JSON.stringify(possible)}`)
    }
    this.#possible.set(key, [match])
  }

  #is(state: State, found: Buffer | 'absent'): boolean {
    if (state === 'absent' || found === 'absent') return state === found
    return this.bytesOf(state).equals(found)
  }

  bytesOf({ number, bytes }: Content): Buffer {
    const key = createHash('sha256').update(`${this.#seed} ${number}`).digest()
    return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes))
  }
}
