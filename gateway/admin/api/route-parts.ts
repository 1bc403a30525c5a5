// Parts that the descriptions of many routes have in common.
import { z } from '@hono/zod-openapi'
import { problemType } from './problem.ts'

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    invalid: z.array(z.object({ field: z.string(), problem: z.string() })).optional(),
    instance: z.string(),
    requestId: z.string(),
  })
  .openapi('Problem')

/** Of every route. */
export const refusals = {
  default: {
    description: 'Why not: problem details of RFC 9457.',
    content: { [problemType]: { schema: problemSchema } },
  },
} as const

export function jsonReply<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } }
}

export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { body: { required: true, content: { 'application/json': { schema } } } }
}

export const noReply = { description: 'It is done.' }

export const onceHeaders = z.object({
  'idempotency-key': z.string().optional().openapi({
    description: 'Sent again within a day, the request is answered as before and makes nothing.',
  }),
})

export const changeHeaders = z.object({
  'if-match': z.string().optional().openapi({
    description: 'The ETag of what is changed, as it was read, or `*`. Without it: 428.',
  }),
})

const calledMax = 128

export const tenantParam = z.object({
  tenant: z.string().min(1).max(calledMax).openapi({
    description: 'Name of the tenant, or id of its account.',
    example: 'acme',
  }),
})

export const time = z.iso.datetime().openapi({ example: '2026-11-29T08:00:00.000Z' })

export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
