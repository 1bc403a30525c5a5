// From version 1 of the schema to version 2: tenants are found by name and have a revision, which stand in their
// documents beside the record. Users, groups, roles and policies got a collection, and access keys an index by
// tenant: those are made with all others (`init-database.ts`).
import type { Db } from 'mongodb'
import { parseTenant } from '../codec/tenancy-codec.ts'
import type { TenantDocument } from './documents.ts'

export async function nameTenants(db: Db): Promise<void> {
  const tenants = db.collection<TenantDocument>('tenants')
  for await (const { _id, c } of tenants.find({ name: { $exists: false } })) {
    const { name, revision } = parseTenant(c)
    await tenants.updateOne({ _id, name: { $exists: false } }, { $set: { name, revision } })
  }
}
