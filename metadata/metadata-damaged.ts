// What every verb of the metadata store throws when it meets a row that is not as it was written.

/** The row is never served as data, and never counts as absent. `holdfast check` finds all of its kind. */
export class MetadataDamaged extends Error {
  override readonly name = 'MetadataDamaged'
  readonly table: string
  readonly key: Buffer

  constructor(table: string, key: Buffer) {
    const shown = key.toString('hex')
    super(`the row of ${table} under ${shown} is not as it was written`)
    this.table = table
    this.key = key
  }
}
