// PORT, a noun of `metadata-store.ts`: owners, the lives of the processes that work on one store side by side.
// What is under way is filed under its owner: chunk lists that no commit has taken over, the leases of reads,
// work that was claimed. When an owner ends, that is cleared away, and it is by nothing else: nobody knows,
// and nobody has to know, who else is there.
//
// An owner lives from `begin` until it is ended: by itself, by who has seen its process end, by a new life of
// a store that can have but one, or because it was silent for longer than it had announced. It never comes
// back: whoever was only paused is answered `ended`, finds what it had under way `lost`, and begins anew under
// another id. So a verb that files something under an owner finds him living in the same transaction, and no
// argument rests on a clock: one that is wrong ends owners too early, whose clients then try again, or late.
//
// Times are spans, by the engine's own clock (a server's, where there is one), so that the clocks of those
// who share a store need not agree. An engine whose rows lie on several shards keeps an owner that has ended
// until no verb that was begun before can still be under way.

export type OwnerBeat = { readonly is: 'living' } | { readonly is: 'ended' }

export interface OwnerStore {
  /**
   * Begins an owner, who lives for `lifeMs` and then as long as he beats. An id is used once: `ended` for one
   * that has been ended and not forgotten. Safe to repeat.
   */
  begin(owner: string, lifeMs: number): Promise<OwnerBeat>

  /** Prolongs a life to `lifeMs` from now; of one that has ended, nothing. Safe to repeat. */
  beat(owner: string, lifeMs: number): Promise<OwnerBeat>

  /** Ends an owner: he says goodbye, or his process is known to be gone. Unknown ones have ended. */
  end(owner: string): Promise<void>

  /** Ends those who have been silent for longer than they announced; answers how many. Mostly a read. */
  endOverdue(): Promise<number>

  /**
   * Ends all owners there are. For the opener of a store who can prove that whoever began them is gone, as
   * the lock of a data directory does; before it begins one itself. Nobody else calls it.
   */
  endFormerLives(): Promise<number>

  /** Owners that have ended and are not forgotten, in the order of their ids. `after` is exclusive. */
  ended(page: { readonly after?: string; readonly limit: number }): Promise<readonly string[]>

  /** Forgets an owner that has ended, once all that was filed under him is cleared away. Safe to repeat. */
  forget(owner: string): Promise<void>
}
