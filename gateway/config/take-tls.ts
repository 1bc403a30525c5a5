// Certificate and key of a port, as two settings name them.
import { type ConfigSources, messageOf } from './config-sources.ts'
import { parsePath } from './config-values.ts'
import type { SettingValues } from './setting-values.ts'

export type TlsPaths = { readonly certFile: string; readonly keyFile: string }

/** `undefined`: without TLS, or one of them is missing or cannot be read, which is noted. */
export function takeTls(values: SettingValues, sources: ConfigSources): TlsPaths | undefined {
  const pair = values.takePair(['tls-cert', 'tls-key'], [parsePath, parsePath])
  if (pair === undefined) return undefined
  const [certFile, keyFile] = pair
  for (const [name, path] of [
    ['tls-cert', certFile],
    ['tls-key', keyFile],
  ] as const) {
    try {
      sources.readFile(path)
    } catch (cause) {
      values.refuse(name, `${path} cannot be read (${messageOf(cause)})`)
    }
  }
  return { certFile, keyFile }
}
