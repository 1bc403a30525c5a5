// The one version of everything that a data directory holds: layout, rows, segments and notes. It is
// raised whenever a program of the version before could misread what is written now, and it is looked at
// before anything else is opened. History and what each version changed: `docs/recovery.md`.
import { StoreRefused } from './store-refused.ts'

export const storeFormat = 9

/** Throws `StoreRefused` unless this program can read and write that format. `where`: what is of it. */
export function requireKnownFormat(format: number, where: string): void {
  if (Number.isSafeInteger(format) && format >= 1 && format <= storeFormat) return
  throw new StoreRefused(
    `${where} is of format ${format}, and this program knows formats 1 to ${storeFormat}: ` +
      'start it with the version of Holdfast that wrote it, or a later one.',
  )
}
