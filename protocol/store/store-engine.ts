// PORT: the life of what keeps a store, whatever it stores (`metadata-store.ts` and `blob-store.ts` say that) and
// wherever it lies. How one is opened is its own affair: by then it has recovered what an unclean end left.

/** Something that is not as it was written, for the operator to know. */
export type Finding = {
  readonly what: string
  readonly details: Readonly<Record<string, unknown>>
}

export type Upkeep = {
  readonly name: string
  /** Between the end of one run and the start of the next. */
  readonly pauseMs: number
  /** Harmless when late, never run twice at once. Answers whether there is more to do at once. */
  run(signal: AbortSignal): Promise<'again' | 'idle'>
}

export interface StoreEngine {
  /** What was found as it was opened, and is kept: nothing is cut away in silence. */
  readonly findings: readonly Finding[]
  /** What each process that has it open does again and again. */
  readonly upkeep: readonly Upkeep[]
  /**
   * Rejects with what is wrong when it cannot be read, or broke as it was written. `takesWrites`: false on a
   * disk that is full or read-only, which is not broken. Cheap.
   */
  check(limits: { readonly signal: AbortSignal }): Promise<{ readonly takesWrites: boolean }>
  /**
   * Clears up what other processes of this server have left half done that ended; `living` are those that
   * have not. Answers what it found. Safe to repeat. By the first process of a server alone.
   */
  recover(living: ReadonlySet<string>): Promise<readonly Finding[]>
  /** Waits for what is under way, and lets go of everything. */
  close(): Promise<void>
}
