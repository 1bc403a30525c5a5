// Makes a database on MongoDB what programs of earlier versions of the schema would have left.
import { encodeRecord } from '../../metadata/codec/record-frame.ts'
import { parseTenant } from '../../metadata/codec/tenancy-codec.ts'
import type { MongoDatabase } from '../../metadata/mongodb/mongo-database.ts'

/** Of version 2: nobody has counted what buckets hold. */
export async function asSchema2(
  database: MongoDatabase,
  { keepCounts = false }: { readonly keepCounts?: boolean } = {},
): Promise<void> {
  const { db, objects } = database
  if (!keepCounts) {
    await db.collection('usage').drop()
    await objects.deleteMany({ s: /^7/ })
    await objects.updateMany({}, { $unset: { d: '', pb: '' } })
    await objects.dropIndex('noted')
  }
  await noteVersion(database, 2)
}

/** Of version 1: tenants have neither name nor revision, and no documents; rules and indexes are those of then. */
export async function asSchema1(database: MongoDatabase): Promise<void> {
  await asSchema2(database)
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
  await noteVersion(database, 1)
}

async function noteVersion(database: MongoDatabase, version: number): Promise<void> {
  const meta = database.collection<{ _id: string; version: number }>('meta')
  await meta.updateOne({ _id: 'schema' }, { $set: { version } })
}
