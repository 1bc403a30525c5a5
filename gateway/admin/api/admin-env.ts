// What the routes of the admin API are given: by whoever composes them, and of each request.
import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { QueryServices } from '../../query/query-action.ts'
import type { RequestNotes } from '../../s3/request-notes.ts'
import type { Principal } from '../sign-in/principal.ts'
import { AdminProblem } from './problem.ts'

/** The services of IAM are those that tenants' own requests have: what is changed here counts like what they change. */
export type AdminDeps = QueryServices & {
  readonly metadata: Pick<
    MetadataStore,
    'tenants' | 'identities' | 'buckets' | 'bucketConfigs' | 'jobs' | 'usage'
  >
}

export type AdminEnv = {
  Bindings: HttpBindings
  Variables: {
    readonly requestId: string
    readonly notes: RequestNotes
    readonly principal: Principal
    /** As it came. */
    readonly body: Uint8Array
    /** What was answered in place of what was asked for. */
    readonly problem: AdminProblem | undefined
  }
}

export type AdminContext = Context<AdminEnv>
export type AdminRoutes = OpenAPIHono<AdminEnv>

/** Fields of requests that are not what they must be are told by name, and their values not repeated. */
export function adminRoutes(): AdminRoutes {
  return new OpenAPIHono<AdminEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const invalid = result.error.issues.slice(0, 20).map(({ path, message, code }) => ({
        field: path.map(String).join('.').slice(0, 200) || 'body',
        problem: code === 'unrecognized_keys' ? 'has fields that are not known' : message,
      }))
      throw new AdminProblem('InvalidRequest', { invalid })
    },
  })
}
