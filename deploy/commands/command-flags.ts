// The flags of the commands that are no servers: few, and no settings.
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { BadValue, parseDurationMs } from '../../gateway/config/config-values.ts'
import { settingOf } from '../../gateway/config/settings.ts'
import { failCommand } from './fail-command.ts'

export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** Throws `BadValue` for a flag that there is not, one without its value or given twice, and anything else. */
export function parseFlags(
  argv: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
): Flags {
  try {
    const parsed = parseArgs({ args: [...argv], options, strict: true, tokens: true })
    requireOnce(parsed.tokens)
    return parsed.values as Flags
  } catch (cause) {
    throw new BadValue(cause instanceof Error ? cause.message : String(cause))
  }
}

/** Of two values one would count, and nobody would know which. Throws `BadValue`. */
export function requireOnce(
  tokens: readonly { readonly kind: string; readonly name?: string | undefined }[],
): void {
  const seen = new Set<string>()
  for (const { kind, name } of tokens) {
    if (kind !== 'option' || name === undefined) continue
    if (seen.has(name)) throw new BadValue(`--${name} is given more than once.`)
    seen.add(name)
  }
}

/** The text of a flag, or its default. Throws `BadValue` when it has none. */
export function textOf(flags: Flags, name: string, fallback?: string): string {
  const value = flags[name] ?? fallback
  if (typeof value !== 'string' || value === '') throw new BadValue(`--${name} is needed.`)
  return value
}

export function dataDirectoryOf(flags: Flags): string {
  return textOf(flags, 'data', settingOf('data').fallback)
}

/** For so long, of a server's running time, nothing is deleted after a recovery. */
export function keepMsOf(flags: Flags): number {
  return parseDurationMs(textOf(flags, 'keep', '7d'))
}

/** Runs the work of a command: 0 when it answers true, 1 when not, 2 when the command line is wrong. */
export async function runCommandWork(
  { name, help }: { readonly name: string; readonly help: () => string },
  work: () => Promise<boolean>,
): Promise<void> {
  try {
    if (!(await work())) process.exitCode = 1
  } catch (cause) {
    if (!(cause instanceof BadValue)) throw cause
    failCommand(`holdfast ${name}: ${cause.message}\n\n${help()}`, 2)
  }
}
