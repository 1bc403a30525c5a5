// What a route that makes something answers, once or again (`once.ts`).
import type { z } from '@hono/zod-openapi'
import type { AdminContext, AdminDeps } from './admin-env.ts'
import { answerOnce, type Draws } from './once.ts'

/** Throws as `answerOnce`. */
export async function madeOnce<Schema extends z.ZodType<object>>(
  c: AdminContext,
  { deps, schema }: { readonly deps: AdminDeps; readonly schema: Schema },
  make: (draws: Draws) => Promise<z.input<Schema> & object>,
): Promise<z.output<Schema>> {
  const request = {
    ...{ principalId: c.get('principal').id, method: c.req.method, path: c.req.path },
    ...{ body: c.get('body'), key: c.req.header('idempotency-key') },
  }
  const { text, isRepeated } = await answerOnce(deps, request, make)
  if (isRepeated) c.header('Idempotent-Replayed', 'true')
  return schema.parse(JSON.parse(text))
}
