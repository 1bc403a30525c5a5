// What every verb of the metadata store may throw when the disk takes no more.

/**
 * The disk is full or read-only: nothing of the verb was stored, and what was stored before stays and
 * reads. Verbs that add to the store throw it while there is room left yet, which is for those that
 * remove. Trying again later is safe.
 */
export class MetadataFull extends Error {
  override readonly name = 'MetadataFull'

  constructor(options: { readonly cause?: unknown } = {}) {
    super('there is no room for more metadata: nothing was stored', options)
  }
}
