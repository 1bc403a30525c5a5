// A source that has answered, whatever it is.
import type { Readable } from 'node:stream'

export type OpenedSource = {
  /** To be destroyed by whoever has it. */
  readonly body: Readable
  /** As announced. */
  readonly bytes: number | undefined
  /** What the source says of its last change. */
  readonly modifiedMs: number | undefined
}
