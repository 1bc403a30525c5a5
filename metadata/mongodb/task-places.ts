// Where tasks lie: each in a document of one of four collections, some of which say what is to be done and stay
// when it is done, and some of which are nothing but the task. The id of a task is its place.
import assert from 'node:assert'
import { type Filter, ObjectId } from 'mongodb'
import type { TaskFields } from './documents.ts'
import { taskPlace } from './key-places.ts'
import type { MongoDatabase } from './mongo-database.ts'

export type TaskPlace =
  | { readonly home: 'objects'; readonly b: string; readonly k: string; readonly s: string }
  | { readonly home: 'chunks'; readonly _id: string }
  | { readonly home: 'lists'; readonly list: string; readonly at: number }
  | { readonly home: 'tasks'; readonly _id: ObjectId }
export type TaskHome = TaskPlace['home']

/** A document of whichever of them, as far as it tells where a task is. */
export type TaskHolder = {
  readonly _id: ObjectId | string
  readonly b?: string
  readonly k?: string
  readonly s?: string
  readonly list?: string
  readonly at?: number
  readonly t?: TaskFields
}

export const taskHomes: readonly TaskHome[] = ['objects', 'chunks', 'lists', 'tasks']
/** What of a holder is read to know its task: not the content of a removed version. */
export const holderFields = { b: 1, k: 1, s: 1, list: 1, at: 1, t: 1 } as const
const letters = { objects: 'o', chunks: 'c', lists: 'l', tasks: 't' } as const

/** Where tasks of a kind can be. */
export function homesOf(kind: string): readonly TaskHome[] {
  if (kind === 'deleteBlob') return ['chunks']
  return kind === 'release' ? ['objects', 'lists', 'tasks'] : ['objects', 'tasks']
}

export function holdersIn(db: MongoDatabase, home: TaskHome) {
  return db.collection<TaskHolder>(home)
}

export function placeOf(home: TaskHome, holder: TaskHolder): TaskPlace {
  switch (home) {
    case 'objects': {
      const { b, k, s } = holder
      assert(b !== undefined && k !== undefined && s !== undefined, 'a task beside no key')
      return { home, b, k, s }
    }
    case 'lists': {
      const { list, at } = holder
      assert(list !== undefined && at !== undefined, 'a task of no list')
      return { home, list, at }
    }
    case 'chunks':
      return { home, _id: String(holder._id) }
    case 'tasks':
      return { home, _id: new ObjectId(holder._id) }
    default:
      return home satisfies never
  }
}

/** Names one document, by what its collection is sharded by. */
export function filterOf({ home: _, ...place }: TaskPlace): Filter<TaskHolder> {
  return place
}

/** Whether the document is nothing but its task, and goes with it. */
export function goesWithTask(place: TaskPlace): boolean {
  if (place.home === 'objects') return place.s.startsWith(taskPlace(''))
  return place.home !== 'lists'
}

export function taskId(place: TaskPlace): string {
  return letters[place.home] + JSON.stringify(fieldsOf(place))
}

function fieldsOf(place: TaskPlace): readonly (string | number)[] {
  switch (place.home) {
    case 'objects':
      return [place.b, place.k, place.s]
    case 'lists':
      return [place.list, place.at]
    case 'chunks':
      return [place._id]
    case 'tasks':
      return [place._id.toHexString()]
    default:
      return place satisfies never
  }
}

/** Throws for what is no task's id. */
export function parseTaskId(id: string): TaskPlace {
  const fields: unknown = JSON.parse(id.slice(1))
  const home = taskHomes.find((name) => letters[name] === id.charAt(0))
  assert(home !== undefined && Array.isArray(fields), `a task named ${id}`)
  const text = (index: number) => {
    const field: unknown = fields[index]
    assert(typeof field === 'string', `a task named ${id}`)
    return field
  }
  switch (home) {
    case 'objects':
      return { home, b: text(0), k: text(1), s: text(2) }
    case 'lists':
      return { home, list: text(0), at: Number(fields[1]) }
    case 'chunks':
      return { home, _id: text(0) }
    case 'tasks':
      return { home, _id: ObjectId.createFromHexString(text(0)) }
    default:
      return home satisfies never
  }
}
