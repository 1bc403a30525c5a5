// The calls of a node's keeper, and their answers: a few numbers and names, so that they are JSON, of members that are
// looked at one by one.
import { z } from 'zod'
import { type BlobRef, chunkIdBytes } from '../chunks/chunk-ref.ts'
import { BadBlobMessage } from './checked-head.ts'
import { encodeRefs, parseRefs, wireRefBytes } from './wire-refs.ts'

export const keeperCallBytesMax = 4096
/** A page of names, or what a scrub has found. */
export const keeperAnswerBytesMax = 16 * 1024 * 1024

const count = z.int().nonnegative()
const afterCharactersMax = 2 * (chunkIdBytes + 64)

const refs = z
  .base64()
  .transform((text) => parseRefs(Buffer.from(text, 'base64'), keeperAnswerBytesMax / wireRefBytes))

const listCall = z.object({
  after: z.string().max(afterCharactersMax).optional(),
  limit: count,
  minAgeMs: z.int(),
})
const budgetCall = z.object({ budgetBytes: count })
const emptyCall = z.object({})

const listAnswer = z.object({ refs, next: z.string().max(afterCharactersMax).optional() })
const usageAnswer = z.object({
  liveBytes: count,
  diskBytes: count,
  roomBytes: count,
  chunks: count,
})
const reclaimAnswer = z.object({ is: z.enum(['worked', 'idle']), freedBytes: count })
const scrubAnswer = z.object({
  refs,
  wrapped: z.boolean(),
  problems: z.array(z.object({ file: z.string(), what: z.string() })),
})

/** Each throws `BadBlobMessage`. */
export const parseListCall = parserOf(listCall)
export const parseBudgetCall = parserOf(budgetCall)
export const parseUsageCall = parserOf(emptyCall)
export const parseListAnswer = parserOf(listAnswer)
export const parseUsageAnswer = parserOf(usageAnswer)
export const parseReclaimAnswer = parserOf(reclaimAnswer)
export const parseScrubAnswer = parserOf(scrubAnswer)

export function encodeKeeper(value: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(JSON.stringify(value))
}

export function textOfRefs(named: readonly BlobRef[]): string {
  return encodeRefs(named).toString('base64')
}

function parserOf<Schema extends z.ZodType>(schema: Schema): (head: Buffer) => z.output<Schema> {
  return (head) => {
    try {
      return schema.parse(JSON.parse(head.toString()))
    } catch (cause) {
      throw new BadBlobMessage('it is not what such a call or answer has', { cause })
    }
  }
}
