// Makes a database on MongoDB what a program of version 1 of the schema would have left: tenants with neither name nor
// revision, no documents of theirs, and the rules and indexes of then.
import { encodeRecord } from '../../metadata/codec/record-frame.ts'
import { parseTenant } from '../../metadata/codec/tenancy-codec.ts'
import type { MongoDatabase } from '../../metadata/mongodb/mongo-database.ts'

export async function asSchema1(database: MongoDatabase): Promise<void> {
  const { db, tenants } = database
  await db.collection('identities').drop()
  await tenants.dropIndex('name')
  await db.collection('accessKeys').dropIndex('tenants')
  const validator = {
    $jsonSchema: {
      ...{ bsonType: 'object', required: ['c'] },
      properties: { c: { bsonType: 'binData' } },
    },
  }
  await db.command({ collMod: 'tenants', validator })
  for (const { _id, c } of await tenants.find().toArray()) {
    const { name, createdMs, sealedKey, namespace } = parseTenant(c)
    const old = encodeRecord(2, [_id, name, createdMs, sealedKey, namespace])
    await tenants.updateOne({ _id }, { $set: { c: old }, $unset: { name: 1, revision: 1 } })
  }
  const meta = database.collection<{ _id: string; version: number }>('meta')
  await meta.updateOne({ _id: 'schema' }, { $set: { version: 1 } })
}
