// Tenants and their quotas as the admin API shows them and takes them.
import { z } from '@hono/zod-openapi'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import type { Quota, Tenant } from '../../../metadata/records.ts'
import { accountId } from '../../access/owner.ts'
import { tenantNameForm } from '../../access/tenant-names.ts'
import { time, timeOf } from '../api/route-parts.ts'

const count = z.int().min(0)

export const bucketQuotaSchema = z
  .strictObject({
    bytes: count.optional().openapi({ description: 'Of all versions and parts of uploads.' }),
    objects: count.optional().openapi({ description: 'Versions.' }),
  })
  .openapi('BucketQuota')

export const quotaSchema = bucketQuotaSchema
  .extend({ buckets: count.optional() })
  .openapi('Quota', { description: 'What is absent has no bound.' })

export const regionSchema = z.string().regex(/^[a-z0-9-]{1,63}$/)

export const newTenantSchema = z
  .strictObject({
    name: z.string().regex(tenantNameForm).openapi({
      description: 'A label of a host name, which no other tenant has.',
      example: 'acme',
    }),
    namespace: z.enum(['own', 'default']).default('own').openapi({
      description: 'Names of buckets of its own, or those that are shared.',
    }),
    region: regionSchema.optional(),
    quota: quotaSchema.default({}),
  })
  .openapi('NewTenant')

export const tenantSchema = z
  .object({
    id: z.string().openapi({ description: 'Id of the account.', example: '012345678901' }),
    name: z.string(),
    namespace: z.enum(['own', 'default']),
    status: z.enum(['active', 'suspended', 'deleting']),
    region: z.string().optional().openapi({ description: 'Absent: that of the server.' }),
    quota: quotaSchema,
    created: time,
    deleteAfter: time.optional().openapi({
      description:
        'Until then the deletion can be taken back. Absent while deleting: it has begun.',
    }),
  })
  .openapi('Tenant')

export const keyWithSecretSchema = z
  .object({ accessKeyId: z.string(), secretAccessKey: z.string() })
  .openapi('NewKey', { description: 'The secret is shown this once.' })

export const madeTenantSchema = tenantSchema
  .extend({ key: keyWithSecretSchema })
  .openapi('MadeTenant')

export type ShownTenant = z.infer<typeof tenantSchema>

export function showTenant(tenant: Tenant): ShownTenant {
  const { id, name, namespace, status, region, quota, createdMs, deleteAfterMs } = tenant
  return {
    ...{ id: accountId(id), name, status, quota, created: timeOf(createdMs) },
    namespace: namespace === defaultNamespace ? 'default' : 'own',
    ...(region === undefined ? {} : { region }),
    ...(deleteAfterMs === undefined ? {} : { deleteAfter: timeOf(deleteAfterMs) }),
  }
}

/** Without what was not said. */
export function quotaOf({ bytes, objects, buckets }: z.infer<typeof quotaSchema>): Quota {
  return {
    ...(bytes === undefined ? {} : { bytes }),
    ...(objects === undefined ? {} : { objects }),
    ...(buckets === undefined ? {} : { buckets }),
  }
}
