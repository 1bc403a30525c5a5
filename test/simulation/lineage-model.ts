// The protocol by which metadata and chunks prove that they belong together, as a model. Beside what both
// note of themselves it keeps what truly happened: each write of the catalog is a moment with another
// before it, and both stores are of some moment. Copies are taken at any time, and put back in any
// combination. The rules that decide are those of production (`protocol/store/lineage.ts`).
import {
  type CatalogLineage,
  type ChunksNote,
  compareLineage,
  nextLife,
  noteOf,
  parseLifeId,
  parseStoreId,
  type SegmentOrigin,
} from '../../protocol/store/lineage.ts'
import type { SeededRandom } from './datanode-random.ts'

/** Ways to get it wrong, each of which the search has to find. */
export type Flaw =
  | 'marks do not grow'
  | 'the chunks note a mark first'
  | 'a start does not catch up'
  | 'a start does not pair'

type Catalog = { readonly lineage: CatalogLineage | undefined; readonly moment: number }
type Chunks = {
  readonly note: ChunksNote | undefined
  readonly origins: readonly SegmentOrigin[]
  readonly moment: number
}

const beginning = 0
const stepsPerHistory = 60

/** What went wrong in one random history, if anything. */
export function lineageHistory(random: SeededRandom, flaw?: Flaw): string | undefined {
  return new History(random, flaw).play()
}

class History {
  readonly #random: SeededRandom
  readonly #flaw: Flaw | undefined
  /** By moment, the one before. */
  readonly #before = [beginning]
  #catalog: Catalog = { lineage: undefined, moment: beginning }
  #chunks: Chunks = { note: undefined, origins: [], moment: beginning }
  readonly #catalogs = [this.#catalog]
  readonly #allChunks = [this.#chunks]
  /** No copy was put back since both were in step. */
  #isUntouched = true
  readonly #log: string[] = []

  constructor(random: SeededRandom, flaw: Flaw | undefined) {
    this.#random = random
    this.#flaw = flaw
  }

  play(): string | undefined {
    for (let step = 0; step < stepsPerHistory; step += 1) {
      this.#catalogs.push(this.#catalog)
      this.#allChunks.push(this.#chunks)
      if (this.#random.oneIn(4)) this.#putBack()
      const wrong = this.#startAndRun()
      if (wrong !== undefined) return `${wrong} after ${this.#log.join(', ')}`
    }
    return undefined
  }

  #putBack(): void {
    this.#isUntouched = false
    if (this.#random.oneIn(2)) this.#catalog = this.#random.pick(this.#catalogs)
    else this.#chunks = this.#random.pick(this.#allChunks)
    this.#log.push(`put back (${this.#catalog.moment}, ${this.#chunks.moment})`)
  }

  #startAndRun(): string | undefined {
    const { note, origins } = this.#chunks
    const { lineage } = this.#catalog
    const verdict = compareLineage(
      lineage === undefined ? { is: 'missing' } : { is: 'marked', lineage },
      { note, origins, holdsSegments: origins.length > 0 },
    )
    this.#log.push(verdict.is === 'mismatch' ? verdict.why : verdict.is)
    const belong = this.#belongTogether()
    if (verdict.is === 'mismatch') {
      if (this.#isUntouched) return `a store that nobody touched was refused (${verdict.why})`
      // The right copies are found, or a restore makes the two anew.
      this.#catalog = this.#catalogs[0] ?? this.#catalog
      this.#chunks = this.#allChunks[0] ?? this.#chunks
      this.#isUntouched = true
      return undefined
    }
    if (!belong) return 'copies of two moments were taken for one store'
    this.#isUntouched = true
    if (this.#start(verdict.is === 'same' ? verdict.lineage : undefined)) this.#run()
    return undefined
  }

  /** The same moment; or the catalog is one write ahead, which is where a stop may leave them. */
  #belongTogether(): boolean {
    const { moment } = this.#catalog
    return this.#chunks.moment === moment || this.#chunks.moment === this.#before[moment]
  }

  /** Cut off after any step. Answers whether it was whole. */
  #start(before: CatalogLineage | undefined): boolean {
    const steps = this.#pairing(nextLife(before, this.#ids()))
    if (before !== undefined && this.#flaw !== 'a start does not catch up') {
      steps.unshift(this.#noting(before))
    }
    const count = this.#random.oneIn(3) ? this.#random.below(steps.length) : steps.length
    this.#log.push(`start ${count}/${steps.length}`)
    for (const step of steps.slice(0, count)) step()
    return count === steps.length
  }

  #pairing(lineage: CatalogLineage): (() => void)[] {
    const steps = [
      () => {
        this.#catalog = { lineage, moment: this.#nextMoment() }
      },
      this.#noting(lineage),
      () => {
        this.#catalog = { ...this.#catalog, lineage: { ...lineage, isPaired: true } }
      },
    ]
    if (this.#flaw === 'a start does not pair') steps.splice(1, 1)
    return steps
  }

  #noting(lineage: CatalogLineage): () => void {
    return () => {
      this.#chunks = { ...this.#chunks, note: noteOf(lineage), moment: this.#catalog.moment }
    }
  }

  /** Some seconds of a server, in which it commits, and begins segments. Cut off after any step. */
  #run(): void {
    for (let second = this.#random.below(4); second > 0; second -= 1) {
      const steps = this.#marking()
      const count = this.#random.oneIn(5) ? 1 : 2
      this.#log.push(`mark ${count}/2`)
      for (const step of steps.slice(0, count)) step()
      if (count < 2) return
      const { note } = this.#chunks
      if (note !== undefined && this.#random.oneIn(2)) {
        const { storeId, epoch, mark } = note
        const origins = [...this.#chunks.origins, { storeId, epoch, mark }]
        this.#chunks = { ...this.#chunks, origins }
      }
      this.#catalogs.push(this.#catalog)
      this.#allChunks.push(this.#chunks)
    }
  }

  #marking(): (() => void)[] {
    const { lineage } = this.#catalog
    const { note } = this.#chunks
    if (lineage === undefined) return []
    const mark = lineage.mark + (this.#flaw === 'marks do not grow' ? 0 : 1)
    const steps = [
      () => {
        this.#catalog = { lineage: { ...lineage, mark }, moment: this.#nextMoment() }
      },
      () => {
        if (note === undefined) return
        this.#chunks = { ...this.#chunks, note: { ...note, mark }, moment: this.#catalog.moment }
      },
    ]
    return this.#flaw === 'the chunks note a mark first' ? steps.reverse() : steps
  }

  #nextMoment(): number {
    this.#before.push(this.#catalog.moment)
    return this.#before.length - 1
  }

  #ids() {
    const storeId = parseStoreId(this.#random.bytes(16).toString('hex'))
    const life = parseLifeId(this.#random.bytes(16).toString('hex'))
    if (storeId === undefined || life === undefined) throw new Error('32 hex digits are no id')
    return { storeId, life }
  }
}
