// PORT: what the metadata notes of themselves, so that they and the chunks can be told from copies that
// are older, newer or of another store. Which notes agree: `protocol/store/lineage.ts`.
import type { CatalogLineage } from '../protocol/store/lineage.ts'

export interface LineageStore {
  /** `undefined`: noted nothing yet. */
  get(): Promise<CatalogLineage | undefined>

  /** Replaces the note. For the start of a server and for recovery, which nothing else runs beside. */
  put(lineage: CatalogLineage): Promise<void>

  /**
   * Makes the mark greater by one if anything was committed since it last was, by whatever process, and
   * answers it. For one process of a server, after `put`.
   */
  advance(): Promise<number>

  /**
   * How many commits there have been, by whatever process, of which each is durable. Grows with each commit
   * and never otherwise; writes nothing. `known`: what it answered last, which spares the proof while
   * nothing was committed.
   */
  commits(known?: number): Promise<number>

  /**
   * Calls `onChange` soon after somebody began a commit, once. `undefined`: the system cannot tell here.
   * Costs nothing while nothing is committed.
   */
  watch(onChange: () => void): { close(): void } | undefined
}
