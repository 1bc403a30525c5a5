// The current objects of a prefix at one moment. A moment is a read transaction of this process, which
// pins pages of the file: it ends when nobody has asked for it for a while, or when it has become old.
import { parseFrozenHead } from '../codec/version-codec.ts'
import type { FrozenMoment, FrozenObject, ObjectStore } from '../metadata-store.ts'
import { rowIdBytes } from '../row-ids.ts'
import type { Random } from './buckets.ts'
import type { LmdbEnvironment, LmdbSnapshot } from './lmdb-environment.ts'
import { justAfter, objectKey, rangeOf, rawKeyAt } from './row-keys.ts'
import type { RowParser } from './row-scan.ts'

const idleMs = 10_000
const lifeMs = 5 * 60_000
/** Each takes a slot of the file's readers, which all processes share. */
const momentsMax = 100

type FrozenRow = Omit<FrozenObject, 'key'>

const listingParser: RowParser<string, FrozenRow> = {
  key: (bytes, start, end) => bytes.toString('utf8', start + rawKeyAt, end),
  value: (bytes) => {
    const { size, crc32, modifiedMs } = parseFrozenHead(bytes, rowIdBytes)
    return { rowId: bytes.toString('hex', 0, rowIdBytes), size, crc32, modifiedMs }
  },
}

export function freezer(
  env: LmdbEnvironment,
  random: Random,
): Pick<ObjectStore, 'freezePage' | 'endFreeze'> {
  const scan = env.scan('objects', listingParser)
  const moments = new Moments(env, random)
  return {
    freezePage: async (bucket, { prefix, after, moment, limit }) => {
      const found = moment === undefined ? moments.take() : moments.find(moment)
      if (found === undefined) return { is: 'snapshotExpired' }
      const range = rangeOf(objectKey(bucket.id, prefix))
      const resumed = after === undefined ? undefined : justAfter(objectKey(bucket.id, after))
      const start =
        resumed !== undefined && resumed.compare(range.start) > 0 ? resumed : range.start
      if (start.compare(range.end) >= 0) return emptyPage(found.moment)
      const rows = scan.rows(found.snapshot, { start, end: range.end, limit: limit + 1 })
      const isTruncated = rows.length > limit
      const objects = rows.map(({ key, value }) => {
        const { rowId, size, crc32, modifiedMs } = value
        return { key, rowId, size, crc32, modifiedMs }
      })
      if (isTruncated) objects.pop()
      return { is: 'page', moment: found.moment, objects, isTruncated }
    },

    endFreeze: async (moment) => moments.end(moment),
  }
}

function emptyPage(moment: FrozenMoment) {
  return { is: 'page' as const, moment, objects: [], isTruncated: false }
}

type Moment = {
  readonly moment: FrozenMoment
  readonly snapshot: LmdbSnapshot
  readonly idle: NodeJS.Timeout
  readonly life: NodeJS.Timeout
}

class Moments {
  /** The one that was not asked for the longest time first. */
  readonly #open = new Map<FrozenMoment, Moment>()
  readonly #env: LmdbEnvironment
  readonly #random: Random

  constructor(env: LmdbEnvironment, random: Random) {
    this.#env = env
    this.#random = random
  }

  take(): Moment {
    const moment = parseMoment(this.#random(16).toString('hex'))
    const snapshot = this.#env.snapshot()
    const after = (ms: number) => setTimeout(() => this.end(moment), ms).unref()
    const taken = { moment, snapshot, idle: after(idleMs), life: after(lifeMs) }
    this.#open.set(moment, taken)
    const [oldest] = this.#open.keys()
    if (this.#open.size > momentsMax && oldest !== undefined) this.end(oldest)
    return taken
  }

  find(moment: FrozenMoment): Moment | undefined {
    const found = this.#open.get(moment)
    if (found === undefined) return undefined
    found.idle.refresh()
    this.#open.delete(moment)
    this.#open.set(moment, found)
    return found
  }

  end(moment: FrozenMoment): void {
    const ended = this.#open.get(moment)
    if (ended === undefined) return
    this.#open.delete(moment)
    clearTimeout(ended.idle)
    clearTimeout(ended.life)
    ended.snapshot.close()
  }
}

function parseMoment(raw: string): FrozenMoment {
  return raw as FrozenMoment
}
