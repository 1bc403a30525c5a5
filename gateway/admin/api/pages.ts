// Lists come in pages: so many items, and where the next page begins.
import { z } from '@hono/zod-openapi'
import { AdminProblem } from './problem.ts'

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: z.string().max(1_024).optional().openapi({
    description: '`next` of the page before.',
  }),
})

export type PageAsked = { readonly limit: number; readonly after?: string | undefined }

export function pageOf<Schema extends z.ZodType>(item: Schema) {
  return z.object({
    items: z.array(item),
    next: z.string().optional().openapi({ description: 'Absent: there are no more.' }),
  })
}

/** The name of the last item. Throws `InvalidRequest`. */
export function readAfter({ after }: PageAsked): string | undefined {
  if (after === undefined) return undefined
  const name = Buffer.from(after, 'base64url').toString('utf8')
  if (name !== '' && nextOf(name) === after) return name
  const problem = 'is not `next` of a page'
  throw new AdminProblem('InvalidRequest', { invalid: [{ field: 'after', problem }] })
}

export function nextOf(name: string): string {
  return Buffer.from(name).toString('base64url')
}

/** With `next` only where there is more. */
export function page<Item>(items: readonly Item[], next: string | undefined) {
  return { items: [...items], ...(next === undefined ? {} : { next: nextOf(next) }) }
}
