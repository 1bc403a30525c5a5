// What a row of the operations table says of an operation.

export type Scope = 'service' | 'bucket' | 'object'

/** One thing that a caller must be allowed to do. */
export type Need = {
  readonly action: string
  /** In place of `action` where a version is named by its id. */
  readonly ofVersion?: string
  /**
   * What it is asked of. Absent: of what the request addresses. `keys`: of each key that the operation
   * comes to. `source`: of the object that is copied.
   */
  readonly of?: 'bucket' | 'keys' | 'source'
  /** Only for requests with one of these headers; with `value`, only when it has that. */
  readonly whenSent?: { readonly headers: readonly string[]; readonly value?: string }
  /** Only when the object that is copied has tags, and the copy gets them. */
  readonly whenTagged?: true
  /** Asked by the operation itself, of what it reads in its body. */
  readonly whenRead?: true
  /** Of the object that is made, whatever lies under its key. */
  readonly ofNew?: true
}

export type OperationRow = {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly scope: Scope
  /** Query names that must all be there. */
  readonly query?: readonly string[]
  /** Query names that may be there. What `selectors` has beside these is refused. */
  readonly takes?: readonly string[]
  /** A header that must be there, lower case. */
  readonly header?: string
  /** An extension of ours. Signature Version 2, which binds no parameters of ours, does not open it. */
  readonly ours?: true
  /** Of S3 Control, which speaks of accounts: its path behind the version (`address.ts`). */
  readonly control?: string
  /** The bucket is one that is to be made. */
  readonly makesBucket?: true
  /** Everything that a caller must be allowed to do, in the order in which it is asked. */
  readonly needs: readonly Need[]
}
