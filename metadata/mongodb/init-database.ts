// Makes the collections and their indexes. Safe to repeat.
import type { MongoDatabase } from './mongo-database.ts'
import { collectionPlans } from './schema.ts'

export async function initDatabase({ db }: MongoDatabase): Promise<void> {
  for (const { name, indexes } of collectionPlans) {
    const collection = db.collection(name)
    if (indexes.length > 0) await collection.createIndexes([...indexes])
  }
}
