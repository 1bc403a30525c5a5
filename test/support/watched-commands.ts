// Listens to the commands that an engine on MongoDB sends, and says which verb has sent each of them, and whether a
// sharded cluster would have to ask every shard for it.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { CommandStartedEvent, Document } from 'mongodb'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { collectionPlans } from '../../metadata/mongodb/schema.ts'

export type SentCommand = {
  /** As `objects.commit`. */
  readonly verb: string
  readonly name: string
  readonly collection: string
  readonly isTargeted: boolean
  /** The beginning of it, where it is not targeted. */
  readonly shown?: string
}

/** Of a transaction, which go where its other commands have gone; and of the connection. */
const ofTransactions = new Set(['commitTransaction', 'abortTransaction', 'endSessions', 'hello'])

const shardKeys = new Map(
  collectionPlans.map(({ name, shardKey }) => [name, Object.keys(shardKey ?? {})]),
)

export class WatchedCommands {
  readonly sent: SentCommand[] = []
  readonly #verbs = new AsyncLocalStorage<string>()

  /** To be given to the engine. */
  readonly onCommand = (event: CommandStartedEvent): void => {
    const { commandName: name, command } = event
    const verb = this.#verbs.getStore()
    if (verb === undefined) return
    const collection = String(command[name])
    const isTargeted = ofTransactions.has(name) || isTargetedCommand(name, command)
    const sent = { verb, name, collection, isTargeted }
    this.sent.push(isTargeted ? sent : { ...sent, shown: JSON.stringify(command).slice(0, 300) })
  }

  /** The store, whose verbs are told apart. */
  watch(store: MetadataStore): MetadataStore {
    return new Proxy(store, {
      get: (target, noun) => {
        const member: unknown = Reflect.get(target, noun)
        if (typeof member === 'function') return member.bind(target)
        if (typeof member !== 'object' || member === null) return member
        return this.#watchNoun(String(noun), member)
      },
    })
  }

  #watchNoun(noun: string, member: object): object {
    return new Proxy(member, {
      get: (target, name) => {
        const verb: unknown = Reflect.get(target, name)
        if (typeof verb !== 'function') return verb
        return (...args: readonly unknown[]) =>
          this.#verbs.run(`${noun}.${String(name)}`, () => Reflect.apply(verb, target, args))
      },
    })
  }
}

function isTargetedCommand(name: string, command: Document): boolean {
  const key = shardKeys.get(String(command[name]))
  // What is not sharded lies in one place.
  if (key === undefined || key.length === 0) return true
  switch (name) {
    case 'insert':
      return command.documents.every((document: Document) =>
        key.every((field) => document[field] !== undefined),
      )
    case 'update':
      return command.updates.every(({ q }: { q: Document }) => isTargetedFilter(q, key))
    case 'delete':
      return command.deletes.every(({ q }: { q: Document }) => isTargetedFilter(q, key))
    case 'find':
      return isTargetedFilter(command.filter, key)
    case 'findAndModify':
    case 'count':
    case 'distinct':
      return isTargetedFilter(command.query ?? {}, key)
    case 'aggregate':
      return isTargetedFilter(command.pipeline[0]?.$match ?? {}, key)
    case 'getMore':
      return true
    default:
      return false
  }
}

/** The first field of the key by its value, or a range of it; so does every branch of an alternative. */
function isTargetedFilter(filter: Document, key: readonly string[]): boolean {
  const [first = ''] = key
  if (filter.$or !== undefined) {
    return filter.$or.every((branch: Document) =>
      isTargetedFilter({ ...rest(filter), ...branch }, key),
    )
  }
  const value = filter[first]
  if (value === undefined || value === null) return false
  if (typeof value !== 'object' || !isOperators(value)) return true
  if (value.$in !== undefined || value.$eq !== undefined) return true
  return ['$gt', '$gte'].some((operator) => value[operator] !== undefined)
}

function rest({ $or: _, ...others }: Document): Document {
  return others
}

function isOperators(value: Document): boolean {
  return Object.keys(value).some((name) => name.startsWith('$'))
}
