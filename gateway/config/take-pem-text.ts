// Certificates of authorities, out of a file that a setting names.
import { type ConfigSources, messageOf } from './config-sources.ts'
import { BadValue, parsePath } from './config-values.ts'
import type { SettingValues } from './setting-values.ts'
import type { SettingName } from './settings.ts'

/** `undefined`: none is set, or it cannot be used, which is noted. */
export function takePemText(
  values: SettingValues,
  name: SettingName,
  { readFile }: Pick<ConfigSources, 'readFile'>,
): string | undefined {
  return values.take(name, (raw) => {
    const path = parsePath(raw)
    let text: string
    try {
      text = readFile(path)
    } catch (cause) {
      throw new BadValue(`${path} cannot be read (${messageOf(cause)})`)
    }
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text
    throw new BadValue(`${path} has no PEM certificate in it`)
  })
}
