// Collects what flags, environment and config file say about each setting, still as text. Flags go
// before the environment, that before the file. What the text means is `config.ts`'s affair.
import { hintForArgument, hintForFlag, hintForVariable } from './setting-hints.ts'
import {
  isSettingName,
  type SettingName,
  settingNames,
  settingOf,
  settings,
  variableOf,
} from './settings.ts'

export type ConfigSources = {
  /** The arguments behind `holdfast server`. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string
}

/** A raw value and the name under which the user gave it: `--listen`, `HOLDFAST_LISTEN in FILE`. */
export type Said = { readonly raw: string; readonly by: string }
type SaidValues = Map<SettingName, Said>

/** Adds what is wrong to `mistakes`, a sentence each. */
export function collectSettings(sources: ConfigSources, mistakes: string[]) {
  const flags = readFlags(sources.argv, mistakes)
  const variables = readVariables(sources.env, mistakes)
  const path = flags.get('config') ?? variables.get('config')
  const file: SaidValues = path === undefined ? new Map() : readFileOf(path, sources, mistakes)
  return new Map([...file, ...variables, ...flags])
}

function readFlags(argv: readonly string[], mistakes: string[]): SaidValues {
  const said: SaidValues = new Map()
  const rest = [...argv]
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const [flag = '', ...inline] = argument.split('=')
    const name = flag.slice(2)
    if (!flag.startsWith('--') || name === '') {
      const hint = hintForArgument(argument)
      mistakes.push(`${argument}: unexpected; settings are written --name VALUE${hint}`)
      continue
    }
    // A flag's value may not begin with `--`: it is the next flag, and the value was forgotten.
    const next = rest[0]?.startsWith('--') ? undefined : rest[0]
    const alone = isSettingName(name) && settingOf(name).isSwitch ? 'on' : undefined
    const raw = inline.length > 0 ? inline.join('=') : (next ?? alone)
    if (inline.length === 0 && next !== undefined) rest.shift()
    if (!isSettingName(name)) mistakes.push(`${flag}: there is no such setting${hintForFlag(name)}`)
    else if (settingOf(name).secret) mistakes.push(`${flag}: ${onlyAsVariable(name)}`)
    else if (raw === undefined) mistakes.push(`${flag}: needs a value, ${settings[name].value}`)
    else addFlag(said, { name, raw, flag }, mistakes)
  }
  return said
}

function onlyAsVariable(name: SettingName): string {
  return `secrets are not taken from the command line, which others can see; set ${variableOf(name)}`
}

function addFlag(
  said: SaidValues,
  given: { readonly name: SettingName; readonly raw: string; readonly flag: string },
  mistakes: string[],
): void {
  const before = said.get(given.name)
  if (before !== undefined && !settingOf(given.name).repeatable) {
    mistakes.push(`${given.flag}: given more than once`)
    return
  }
  const raw = before === undefined ? given.raw : `${before.raw},${given.raw}`
  said.set(given.name, { raw, by: given.flag })
}

const settingOfVariable: ReadonlyMap<string, SettingName> = new Map(
  settingNames.map((name) => [variableOf(name), name]),
)

/** An empty variable counts as unset, as `${NAME:-}` in compose files makes it. */
function readVariables(env: ConfigSources['env'], mistakes: string[]): SaidValues {
  const said: SaidValues = new Map()
  for (const [variable, raw] of Object.entries(env)) {
    if (!variable.startsWith('HOLDFAST_') || raw === undefined || raw === '') continue
    const name = settingOfVariable.get(variable)
    if (name === undefined) {
      mistakes.push(`${variable}: there is no such setting${hintForVariable(variable)}`)
    } else said.set(name, { raw, by: variable })
  }
  return said
}

function readFileOf(path: Said, sources: ConfigSources, mistakes: string[]): SaidValues {
  const said: SaidValues = new Map()
  let text: string
  try {
    text = sources.readFile(path.raw)
  } catch (cause) {
    mistakes.push(`${path.by}: ${path.raw} cannot be read (${messageOf(cause)})`)
    return said
  }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue
    const where = `${path.raw} line ${index + 1}`
    const match = /^\s*([A-Za-z0-9_-]+)\s*=\s*(.*?)\s*$/.exec(line)
    const name = settingOfVariable.get(match?.[1] ?? '')
    if (match === null) mistakes.push(`${where}: is not HOLDFAST_NAME=value`)
    else if (name === undefined) {
      const hint = hintForVariable(match[1] ?? '')
      mistakes.push(`${where}: there is no setting ${match[1]}${hint}`)
    } else if (name === 'config') mistakes.push(`${where}: a config file cannot name another`)
    else if (said.has(name)) mistakes.push(`${where}: ${match[1]} is given more than once`)
    else said.set(name, { raw: unquoted(match[2] ?? ''), by: `${match[1]} in ${path.raw}` })
  }
  return said
}

function unquoted(raw: string): string {
  return /^(["']).*\1$/.test(raw) && raw.length >= 2 ? raw.slice(1, -1) : raw
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
