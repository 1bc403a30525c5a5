// The two things that open a bundle without a signature: the token in its URL, with which it is
// downloaded, and the secret, with which it is changed. Only their digests are stored.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'

const secretBytes = 32

/** 43 characters that stand in a URL as they are. */
export function newBundleSecret(random: RandomBytes): string {
  return random(secretBytes).toString('base64url')
}

/** 32 bytes. Secrets are random, so that a plain digest cannot be searched. */
export function hashBundleSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Takes the same time whatever was presented. */
export function isBundleSecret(presented: string, hash: Uint8Array): boolean {
  return timingSafeEqual(hashBundleSecret(presented), hash)
}
