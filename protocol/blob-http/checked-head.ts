// Calls and answers begin with a CRC-32C of what is in them besides frames, which have each its own. That of a call covers
// its verb, that of an answer the call's: so a bit that fell over deletes no other chunk and says "absent" of
// none, and an answer is taken for none but its own call.
import { crc32c } from '@node-rs/crc32'
import type { BlobVerb } from './blob-verbs.ts'

/** Bytes that are no call, or no answer to the call that was made. */
export class BadBlobMessage extends Error {
  override readonly name = 'BadBlobMessage'
}

export const checkBytes = 4

/** CRC-32C of a head, on that of what was said before it. */
type Check = number & { readonly __brand: 'Check' }

/** What an answer has to fit. */
export type CallCheck = Check

export type CheckedHead = { readonly bytes: Buffer; readonly check: Check }

export function checkedCall(verb: BlobVerb, head: Uint8Array): CheckedHead {
  return checked(head, crc32c(verb))
}

export function checkedAnswer(head: Uint8Array, call: CallCheck): CheckedHead {
  return checked(head, call)
}

/** The head of a call, of `headBytes` after the check. Throws `BadBlobMessage`, as all that parse here. */
export function openCall(
  verb: BlobVerb,
  body: Buffer,
  headBytes = body.length - checkBytes,
): { readonly head: Buffer; readonly check: CallCheck } {
  return opened(body, headBytes, crc32c(verb))
}

export function openAnswer(
  body: Buffer,
  call: CallCheck,
  headBytes = body.length - checkBytes,
): Buffer {
  return opened(body, headBytes, call).head
}

function checked(head: Uint8Array, before: number): CheckedHead {
  const check = crc32c(head, before)
  const bytes = Buffer.allocUnsafe(checkBytes + head.length)
  bytes.writeUInt32BE(check)
  bytes.set(head, checkBytes)
  return { bytes, check: check as Check }
}

function opened(body: Buffer, headBytes: number, before: number) {
  if (headBytes < 0 || body.length < checkBytes + headBytes) {
    throw new BadBlobMessage(`${body.length} bytes are too few`)
  }
  const head = body.subarray(checkBytes, checkBytes + headBytes)
  const check = crc32c(head, before)
  if (check !== body.readUInt32BE(0)) throw new BadBlobMessage('it was changed on its way')
  return { head, check: check as Check }
}
