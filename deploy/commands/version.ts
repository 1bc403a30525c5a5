// The version of this program, as `package.json` has it.
import { readFileSync } from 'node:fs'

/** Compiled, this file is in `dist/deploy/commands/`. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const parsed: unknown = JSON.parse(text)
  const has = typeof parsed === 'object' && parsed !== null && 'version' in parsed
  return has ? String(parsed.version) : 'unknown'
}
