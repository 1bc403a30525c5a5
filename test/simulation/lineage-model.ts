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
  | 'the chunks do not follow commits'

type Catalog = {
  readonly lineage: CatalogLineage | undefined
  readonly moment: number
  readonly commits: number
}
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
  /** By moment, the one in which its mark was noted first. */
  readonly #marked = [beginning]
  #catalog: Catalog = { lineage: undefined, moment: beginning, commits: 0 }
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
    const { lineage, commits } = this.#catalog
    const verdict = compareLineage(
      lineage === undefined ? { is: 'missing' } : { is: 'marked', lineage, commits },
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

  /**
   * The catalog knows all that the chunks know of it, and is at most one mark ahead of them, which is where a
   * stop may leave them.
   */
  #belongTogether(): boolean {
    const { moment } = this.#catalog
    const lastMark = this.#marked[moment] ?? beginning
    const oldest = this.#marked[this.#before[lastMark] ?? beginning] ?? beginning
    for (let at = moment; at >= oldest; at = this.#before[at] ?? beginning) {
      if (at === this.#chunks.moment) return true
      if (at === beginning) return false
    }
    return false
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
        this.#commit(lineage)
      },
      this.#noting(lineage),
      () => {
        const { commits } = this.#catalog
        const paired = { ...lineage, isPaired: true }
        this.#catalog = { ...this.#catalog, lineage: paired, commits: commits + 1 }
      },
    ]
    if (this.#flaw === 'a start does not pair') steps.splice(1, 1)
    return steps
  }

  #noting(lineage: CatalogLineage): () => void {
    return () => {
      const { moment, commits } = this.#catalog
      this.#chunks = { ...this.#chunks, note: noteOf(lineage, commits), moment }
    }
  }

  /** Some seconds of a server, in which it commits, and begins segments. Cut off after any step. */
  #run(): void {
    for (let second = this.#random.below(4); second > 0; second -= 1) {
      this.#commitSome()
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

  /** Within a second: the mark stays. The chunks note how many commits there are. */
  #commitSome(): void {
    for (let some = this.#random.below(3); some > 0; some -= 1) {
      this.#before.push(this.#catalog.moment)
      this.#marked.push(this.#marked[this.#catalog.moment] ?? beginning)
      const commits = this.#catalog.commits + 1
      const moment = this.#before.length - 1
      this.#catalog = { ...this.#catalog, moment, commits }
      this.#log.push('commit')
      const { note } = this.#chunks
      if (note === undefined || this.#random.oneIn(5)) continue
      const isNoted = this.#flaw !== 'the chunks do not follow commits'
      this.#chunks = { ...this.#chunks, note: isNoted ? { ...note, commits } : note, moment }
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
        this.#commit({ ...lineage, mark })
      },
      () => {
        if (note === undefined) return
        const { moment, commits } = this.#catalog
        this.#chunks = { ...this.#chunks, note: { ...note, mark, commits }, moment }
      },
    ]
    return this.#flaw === 'the chunks note a mark first' ? steps.reverse() : steps
  }

  /** A moment with a mark, or a life, of its own. */
  #commit(lineage: CatalogLineage): void {
    this.#before.push(this.#catalog.moment)
    const moment = this.#before.length - 1
    this.#marked.push(moment)
    this.#catalog = { lineage, moment, commits: this.#catalog.commits + 1 }
  }

  #ids() {
    const storeId = parseStoreId(this.#random.bytes(16).toString('hex'))
    const life = parseLifeId(this.#random.bytes(16).toString('hex'))
    if (storeId === undefined || life === undefined) throw new Error('32 hex digits are no id')
    return { storeId, life }
  }
}
