// What every verb of the metadata store may throw when its engine is out of reach.

/**
 * The engine could not be reached, or did not answer in time. It says nothing of what is stored: what was to
 * be read may be there, what was to be written may have been. Trying again later is safe. The embedded
 * engine is always in reach.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'

  constructor(options: { readonly cause?: unknown } = {}) {
    super('the metadata are out of reach', options)
  }
}
