// How a request was signed, for those who keep a record of it: never the signature itself.

export type SignatureNote = {
  readonly version: 2 | 4
  /** Where it stood. `presigned`: in the query. */
  readonly by: 'header' | 'presigned' | 'form'
  /**
   * Of a key that is there, whether or not the signature holds. What is no key may be anything, such as a secret
   * in the wrong place: it is noted nowhere.
   */
  accessKeyId: string | undefined
}

/** Where it is noted as soon as it is read. */
export type SignatureNotes = { signature: SignatureNote | undefined }
