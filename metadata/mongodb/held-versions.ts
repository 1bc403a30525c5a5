// Versions that were removed, and what becomes of them: released, or held back by a lease that covers them. A removed
// version stays as a *grave* (`key-places.ts`), which asks to be released. To settle it is to find out whether a lease
// covers it, which costs one look and one write when none does:
//
// - none: an inline version goes at once; another one is `due`, and no lease ever holds it again (`upTo: 0`);
// - one does: the grave is filed under a life of it (`held`), and asks for nothing any more.
//
// All of this is single commands, each on condition that nobody has changed the grave since it was read (`x`). So that no lease has to be written,
// a grave is filed first, while it still asks to be released; then the life is looked for once more; and only then it
// asks no more. Whoever ends a life looks for what is filed under it afterwards (`sift-held.ts`): what he does not
// find was filed too late to find the life.
import type { ClientSession, Filter } from 'mongodb'
import { bornOfContent, dataOfContent } from '../codec/version-codec.ts'
import type { BucketId, TenantId } from '../records.ts'
import type { KeyDocument } from './documents.ts'
import { gravePlace } from './key-places.ts'
import { leasesIn } from './lease-documents.ts'
import { lastNumber } from './lease-numbers.ts'
import { livesOver } from './lease-scopes.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'

/** A version that was removed: a document of `objects` at `gravePlace(rowId)`. */
export type Grave = {
  readonly bucketId: BucketId
  readonly key: string
  readonly rowId: string
  readonly tenantId: TenantId
  /** Of one that was dug a moment ago, by who has: it need not be read. */
  readonly content?: Buffer
}

type Settled = 'released' | 'due' | 'held'
/** As it was read, and as it has to be still. */
type GraveRead = Pick<KeyDocument, 'upTo' | 'held' | 'x'> & { readonly content: Buffer }

/**
 * After the commit that has made a grave, and by the first step of its release. `released`: an inline version, which is
 * gone now; `due`: its task goes on; `held`.
 */
export async function settle(db: MongoDatabase, grave: Grave): Promise<Settled> {
  const { content } = grave
  let known: GraveRead | undefined = content && { content }
  return db.retrying(() =>
    db.causally(async (session) => {
      const read = known ?? (await readGrave(db, session, grave))
      // Whoever was faster has left another one.
      known = undefined
      return typeof read === 'string' ? read : settleRead({ db, session, grave }, read)
    }),
  )
}

type Settling = {
  readonly db: MongoDatabase
  readonly session: ClientSession
  readonly grave: Grave
}

async function settleRead(settling: Settling, read: GraveRead): Promise<Settled> {
  const { db, session, grave } = settling
  /** Lives that cover it no more, or never have. A life never comes back. */
  const over = new Set<number>()
  let state = read
  for (;;) {
    const lives = await livesOver(db, session, { row: grave, upTo: read.upTo })
    const unknown = lives.filter((life) => !over.has(life))
    // What was looked for twice, and found the second time under lives that were over by then, is covered by none.
    if (unknown.length === 0) return release(settling, state)
    const holding = await holdingLives(settling, unknown, read.content)
    for (const life of unknown) if (!holding.includes(life)) over.add(life)
    const life = holding.find((each) => each === state.held) ?? holding[0]
    if (life === undefined) continue
    state = await file(settling, state, life)
    const upTo = read.upTo ?? (await lastNumber(db, session))
    const still = await holdingLives(settling, [life], read.content)
    if (still.length > 0) {
      const kept = { $set: { upTo, tenant: grave.tenantId }, $unset: { t: '' as const } }
      await change(settling, state, kept)
      return 'held'
    }
    over.add(life)
  }
}

/** Those of the lives that a lease has which was not sealed before the version was committed. */
async function holdingLives(
  { db, session }: Settling,
  lives: readonly number[],
  content: Buffer,
): Promise<readonly number[]> {
  const born = bornOfContent(content)
  const leases = await leasesIn(db)
    .find({ 'lives.n': { $in: [...lives] } }, { session, projection: { lives: 1, sealed: 1 } })
    .toArray()
  const living = leases
    .filter(({ sealed }) => sealed === undefined || born < sealed)
    .flatMap((lease) => lease.lives.map(({ n }) => n))
  return lives.filter((life) => living.includes(life))
}

/** While it still asks to be released: whoever stops here has left it to the release. */
async function file(settling: Settling, state: GraveRead, life: number): Promise<GraveRead> {
  if (state.held === life) return state
  await change(settling, state, { $set: { held: life } })
  return { ...state, held: life, x: (state.x ?? 0) + 1 }
}

async function release(settling: Settling, state: GraveRead): Promise<Settled> {
  const { db, grave } = settling
  if (dataOfContent(state.content).is === 'inline') {
    const { deletedCount } = await db.objects.deleteOne(asRead(grave, state))
    if (deletedCount !== 1) throw new Conflict()
    return 'released'
  }
  await change(settling, state, { $set: { upTo: 0 }, $unset: { held: '' } })
  return 'due'
}

async function change(
  { db, grave }: Settling,
  state: GraveRead,
  update: { $set: Partial<KeyDocument>; $unset?: { t?: ''; held?: '' } },
): Promise<void> {
  const counted = { ...update, $inc: { x: 1 } }
  const { matchedCount } = await db.objects.updateOne(asRead(grave, state), counted)
  if (matchedCount !== 1) throw new Conflict()
}

/**
 * It asks to be released, and nobody has changed it since. That it says the same again would not be enough: who has filed
 * it may not know that it was filed once more, after the life was sifted.
 */
function asRead(grave: Grave, { x }: GraveRead): Filter<KeyDocument> {
  return { ...placeOf(grave), 't.kind': { $exists: true }, x: x ?? { $exists: false } }
}

async function readGrave(
  { objects }: MongoDatabase,
  session: ClientSession,
  grave: Grave,
): Promise<GraveRead | Settled> {
  const found = await objects.findOne(placeOf(grave), { session })
  if (found?.c === undefined) return 'released'
  const { c: content, upTo, held, x, t } = found
  if (upTo === 0) return 'due'
  if (t === undefined) return 'held'
  return {
    content,
    ...(upTo === undefined ? {} : { upTo }),
    ...(held === undefined ? {} : { held }),
    ...(x === undefined ? {} : { x }),
  }
}

function placeOf({ bucketId, key, rowId }: Grave) {
  return { b: bucketId, k: key, s: gravePlace(rowId) }
}
