// What the stand-in lacks: reads outside of transactions of a moment that was named before. Here such a read runs in
// a transaction that is kept open for its moment, which has a snapshot there too. For tests against the stand-in alone:
// imported by them, or into a process by `node --import`.
import { type ClientSession, Db, type Document, MongoServerError, Timestamp } from 'mongodb'

const idleMs = 10_000

type Moment = { readonly session: ClientSession; readonly idle: NodeJS.Timeout }

const moments = new Map<string, Moment>()
let count = 0

/** Harmless when called again. */
export function emulateSnapshots(): void {
  if (Db.prototype.command === emulated) return
  original = Db.prototype.command
  Db.prototype.command = emulated
}

let original: typeof Db.prototype.command

async function emulated(
  this: Db,
  command: Document,
  options?: Parameters<Db['command']>[1],
): Promise<Document> {
  const { readConcern, ...rest } = command
  if (command.find === undefined || readConcern?.level !== 'snapshot') {
    return original.call(this, command, options)
  }
  const at: Timestamp = readConcern.atClusterTime ?? begin(this)
  const moment = moments.get(at.toString())
  if (moment === undefined) throw new MongoServerError({ message: 'too old', code: 239 })
  moment.idle.refresh()
  const answer = await original.call(this, rest, { ...options, session: moment.session })
  return { ...answer, cursor: { ...answer.cursor, atClusterTime: at } }
}

function begin(db: Db): Timestamp {
  count += 1
  const at = new Timestamp({ t: Math.floor(Date.now() / 1000), i: count })
  const session = db.client.startSession()
  session.startTransaction({ readConcern: { level: 'snapshot' } })
  const idle = setTimeout(() => {
    moments.delete(at.toString())
    session.endSession().catch(() => {})
  }, idleMs).unref()
  moments.set(at.toString(), { session, idle })
  return at
}
