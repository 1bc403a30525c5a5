// The keys inline data is sealed under: 256 of them a tenant, each derived once and then kept, since
// deriving one takes longer than sealing with it.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { hkdfExpand } from './hkdf.ts'

export const inlineKeyCount = 256

export class InlineKeys {
  private readonly root: KeyObject
  private readonly held: (KeyObject | undefined)[] = []

  /** `root` is pseudorandom, 32 bytes, and serves nothing else. */
  constructor(root: KeyObject) {
    this.root = root
  }

  /** AES-256, of number 0 to 255. */
  key(number: number): KeyObject {
    const held = this.held[number]
    if (held !== undefined) return held
    const key = createSecretKey(hkdfExpand(this.root, 'holdfast inline 1', Buffer.of(number)))
    this.held[number] = key
    return key
  }
}
