// How catalog (metadata) and chunks (segments) prove that they belong together, and which of them is
// newer. Both note the store they are of, the life of the server that opened them last, and a mark that
// grows as the catalog is written to. Pure: what to do when they disagree. The order in which the notes
// are written is modelled in `test/simulation/lineage-model.ts`.
//
// A start first has the chunks note where the catalog is. Then it draws a new life: the catalog notes it,
// together with the one before; then the chunks do; then the catalog notes that they have (`isPaired`). While a server runs, about once a second, the
// mark grows if anything was committed: in the catalog first, then in the note of the chunks. So chunks
// of the same moment are never ahead of their catalog, and at most one mark behind it. A copy that is
// older than the other side by more than that second is found out.
//
// The catalog counts its commits as well, and the chunks note the count some milliseconds behind it. So a
// catalog that has fewer is older, also by less than a second.

/** 32 lower-case hex digits, drawn when a store is made. */
export type StoreId = string & { readonly __brand: 'StoreId' }
/** 32 lower-case hex digits, drawn at each start. */
export type LifeId = string & { readonly __brand: 'LifeId' }

/** What the catalog notes of itself. */
export type CatalogLineage = {
  readonly storeId: StoreId
  /** Counts the starts, from 1. */
  readonly epoch: number
  readonly life: LifeId
  /** The life of the epoch before, which the chunks may still note while `isPaired` is false. */
  readonly previousLife: LifeId | undefined
  readonly isPaired: boolean
  readonly mark: number
}

/** What the chunks note of themselves. */
export type ChunksNote = Pick<CatalogLineage, 'storeId' | 'epoch' | 'life' | 'mark'> & {
  /** How many commits the catalog had, or more, when this was noted. Absent: noted by an older version. */
  readonly commits?: number | undefined
}

/** What segments say of where they come from, in their headers. */
export type SegmentOrigin = Pick<CatalogLineage, 'storeId' | 'epoch' | 'mark'>

export type CatalogFound =
  | { readonly is: 'missing' }
  /** Of a version that noted nothing. */
  | { readonly is: 'unmarked' }
  | {
      readonly is: 'marked'
      readonly lineage: CatalogLineage
      /** How many commits it has. */
      readonly commits: number
    }

export type ChunksFound = {
  readonly note: ChunksNote | undefined
  /** Whether there is any segment. */
  readonly holdsSegments: boolean
  /** Origins of segments that note one. */
  readonly origins: readonly SegmentOrigin[]
}

/** Why the two may not be opened together. */
export type Mismatch =
  | 'catalogMissing'
  | 'chunksMissing'
  | 'bothMissing'
  | 'foreign'
  | 'catalogOlder'
  | 'chunksOlder'
  | 'diverged'
  | 'noteOlder'

export type Verdict =
  /** Neither is there: a new store. */
  | { readonly is: 'fresh' }
  /** Both are of a version that noted nothing: they are taken for each other's. */
  | { readonly is: 'unmarked' }
  /** They belong together, and are of the same moment. */
  | { readonly is: 'same'; readonly lineage: CatalogLineage }
  | { readonly is: 'mismatch'; readonly why: Mismatch }

export function compareLineage(catalog: CatalogFound, chunks: ChunksFound): Verdict {
  const { note, holdsSegments, origins } = chunks
  switch (catalog.is) {
    case 'missing':
      return note === undefined && !holdsSegments ? { is: 'fresh' } : mismatch('catalogMissing')
    case 'unmarked':
      return note === undefined && origins.length === 0
        ? { is: 'unmarked' }
        : mismatch('catalogOlder')
    case 'marked': {
      const why =
        originMismatch(catalog.lineage, origins) ??
        noteMismatch(catalog.lineage, { note, holdsSegments }) ??
        ((note?.commits ?? 0) > catalog.commits ? 'catalogOlder' : undefined) ??
        (origins.some((origin) => note !== undefined && isAhead(origin, note))
          ? 'noteOlder'
          : undefined)
      return why === undefined ? { is: 'same', lineage: catalog.lineage } : mismatch(why)
    }
    default:
      return catalog satisfies never
  }
}

function originMismatch(
  lineage: CatalogLineage,
  origins: readonly SegmentOrigin[],
): Mismatch | undefined {
  if (origins.some(({ storeId }) => storeId !== lineage.storeId)) return 'foreign'
  return origins.some((origin) => isAhead(origin, lineage)) ? 'catalogOlder' : undefined
}

function noteMismatch(
  lineage: CatalogLineage,
  { note, holdsSegments }: Pick<ChunksFound, 'note' | 'holdsSegments'>,
): Mismatch | undefined {
  const { epoch, life, previousLife, isPaired, mark } = lineage
  if (note === undefined) {
    // The first start of all was cut off between its first two steps.
    const isBeginning = epoch === 1 && !isPaired
    if (isBeginning) return undefined
    return holdsSegments ? 'noteOlder' : 'chunksMissing'
  }
  if (note.storeId !== lineage.storeId) return 'foreign'
  if (note.epoch > epoch) return 'catalogOlder'
  const isOfThisLife = note.epoch === epoch && note.life === life
  const isOfTheLifeBefore = note.epoch === epoch - 1 && note.life === previousLife && !isPaired
  if (!isOfThisLife && !isOfTheLifeBefore) return note.epoch < epoch ? 'chunksOlder' : 'diverged'
  if (note.mark > mark) return 'catalogOlder'
  // A new life begins when both have noted all of the one before.
  const lag = isOfThisLife ? 1 : 0
  return note.mark < mark - lag ? 'chunksOlder' : undefined
}

function isAhead(
  a: Pick<CatalogLineage, 'epoch' | 'mark'>,
  b: Pick<CatalogLineage, 'epoch' | 'mark'>,
): boolean {
  return a.epoch > b.epoch || a.mark > b.mark
}

function mismatch(why: Mismatch): Verdict {
  return { is: 'mismatch', why }
}

/** The lineage of a store that a server opens: of no use until the chunks have noted it too. */
export function nextLife(
  before: CatalogLineage | undefined,
  drawn: { readonly storeId: StoreId; readonly life: LifeId },
): CatalogLineage {
  return {
    storeId: before?.storeId ?? drawn.storeId,
    epoch: (before?.epoch ?? 0) + 1,
    life: drawn.life,
    previousLife: before?.life,
    isPaired: false,
    mark: before?.mark ?? 0,
  }
}

/** `commits`: how many the catalog has that are durable. */
export function noteOf(
  { storeId, epoch, life, mark }: CatalogLineage,
  commits: number,
): ChunksNote {
  return { storeId, epoch, life, mark, commits }
}

const idPattern = /^[0-9a-f]{32}$/

/** `undefined`: no such id. */
export function parseStoreId(raw: string): StoreId | undefined {
  return idPattern.test(raw) ? (raw as StoreId) : undefined
}

/** `undefined`: no such id. */
export function parseLifeId(raw: string): LifeId | undefined {
  return idPattern.test(raw) ? (raw as LifeId) : undefined
}
