// Ids by which a request is found again in the log: `x-amz-request-id` (16 characters, as S3's) and
// `x-amz-id-2`, which names the process that served it.
import { createHash } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export type RequestIds = { readonly next: () => string; readonly hostId: string }

/** `seed` must differ between processes: ids count up from a place that it decides. */
export function requestIds(seed: string): RequestIds {
  const digest = createHash('sha256').update(seed).digest()
  const start = digest.toString('hex').slice(0, 10)
  const prefix = [...Buffer.from(start, 'hex')].map((byte) => alphabet[byte & 31]).join('')
  let count = digest.readUInt32BE(8)
  return {
    hostId: digest.toString('base64'),
    next: () => {
      count += 1
      return prefix + encode(count)
    },
  }
}

function encode(count: number): string {
  let text = ''
  for (let digit = 0, rest = count; digit < 11; digit += 1) {
    text = alphabet[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}
