// The name of an archive's entry for an object key, and back. Whatever the key holds, the name is
// relative, stays within the folder it is extracted to, and is no other key's name. How a component is
// written is in `escape-component.ts`; which keys clash is in `key-clashes.ts`.
import { escapeComponent } from './escape-component.ts'

export type EntryKey = {
  /** Relative to the folder that is archived. */
  readonly key: string
  /** An object of no bytes whose key ends with a slash: it stands for a folder. */
  readonly isDirectory: boolean
  /** Some key begins with this one and a slash, so that a file of this name has no room. */
  readonly besideFolder: boolean
  /** Some other key differs from this one in the case of letters only; asked on Windows. */
  readonly hasTwin: boolean
}

export type NamingRules = {
  /** Names that Windows takes too, and that stay apart where letter case does not count. */
  readonly windows: boolean
}

/** Undefined: the archived folder itself, which needs no entry. A directory's name ends with `/`. */
export function entryName(entry: EntryKey, rules: NamingRules): string | undefined {
  const { key, isDirectory, hasTwin } = entry
  if (key === '' && isDirectory) return undefined
  const components = (isDirectory ? key.slice(0, -1) : key).split('/')
  const last = components.length - 1
  const written = components.map((component, at) =>
    escapeComponent(component, {
      windows: rules.windows,
      isFirst: at === 0,
      hasTwin,
      besideFolder: at === last && !isDirectory && entry.besideFolder,
    }),
  )
  return written.join('/') + (isDirectory ? '/' : '')
}

const escapes = /(?:%[0-9A-Fa-f]{2})+|%[_~]|%-\//g

/** The key that an entry's name was made of. */
export function entryKey(name: string): string {
  return name.replace(escapes, (escaped) =>
    /^%[0-9A-Fa-f]/.test(escaped)
      ? Buffer.from(escaped.replaceAll('%', ''), 'hex').toString('utf8')
      : '',
  )
}
