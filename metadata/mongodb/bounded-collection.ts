// A collection whose commands the server gives up after a while, unless they say how long. The driver has no such
// default of its own. Nobody waits for them any longer by then (`mongo-connection.ts`), and what goes on behind a
// connection that is gone would take the place of what is asked for again.
import type { Collection, Document } from 'mongodb'

/** Which parameter the options of a method are. */
const optionsAt: ReadonlyMap<string | symbol, number> = new Map([
  ...['find', 'findOne', 'findOneAndDelete', 'aggregate', 'countDocuments'].map(at(1)),
  ...['insertOne', 'insertMany', 'deleteOne', 'deleteMany', 'bulkWrite'].map(at(1)),
  ...['updateOne', 'updateMany', 'replaceOne', 'findOneAndUpdate', 'findOneAndReplace'].map(at(2)),
  ...['distinct'].map(at(2)),
])

function at(position: number) {
  return (method: string): readonly [string, number] => [method, position]
}

export function bounded<D extends Document>(
  collection: Collection<D>,
  maxTimeMS: number,
): Collection<D> {
  return new Proxy(collection, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name, target)
      const position = optionsAt.get(name)
      if (typeof method !== 'function' || position === undefined) return method
      return (...args: unknown[]) => {
        const options = args[position]
        args[position] = { maxTimeMS, ...(typeof options === 'object' ? options : {}) }
        return Reflect.apply(method, target, args)
      }
    },
  })
}
