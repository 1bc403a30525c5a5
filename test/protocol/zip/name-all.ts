// Names a whole set of keys as an archive does: with the neighbours, a listing to ask, and, for
// Windows, the filter of clashes.
import { entryName } from '../../../protocol/zip/entry-name.ts'
import { CaseClashes, folderClash } from '../../../protocol/zip/key-clashes.ts'

export type NamedKey = {
  readonly key: string
  readonly isDirectory: boolean
  readonly name: string
}

/** `keys` in byte order. Those that end with a slash are taken for folders if `isFolder` says so. */
export function nameAll(
  keys: readonly string[],
  options: { readonly windows: boolean; readonly isFolder: (key: string) => boolean },
): readonly NamedKey[] {
  const isDirectory = (key: string) => key.endsWith('/') && options.isFolder(key)
  const clashes = new CaseClashes({ bytes: 100_000 })
  if (options.windows) for (const key of keys) clashes.add(key, { isDirectory: isDirectory(key) })
  const named: NamedKey[] = []
  for (const [at, key] of keys.entries()) {
    const clash = folderClash(key, keys[at + 1])
    const hasFolder =
      clash === 'unknown' ? keys.some((other) => other.startsWith(`${key}/`)) : clash === 'folder'
    const name = entryName(
      {
        key,
        isDirectory: isDirectory(key),
        besideFolder: hasFolder || (options.windows && clashes.isBesideFolder(key)),
        hasTwin: options.windows && clashes.hasTwin(key),
      },
      { windows: options.windows },
    )
    if (name !== undefined) named.push({ key, isDirectory: isDirectory(key), name })
  }
  return named
}
