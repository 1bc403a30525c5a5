/**
 * Stored data that this program cannot open, or must not: damaged, missing, of another store or of a
 * later version. Nothing was changed. The message is for the operator: what is wrong, and how to go on.
 */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused'
}
