// Finds the command that is meant, whichever way people ask for it, and runs it. Which commands there are
// is in `commands/command-table.ts`.

import { nearestWord } from '../../gateway/config/nearest-word.ts'
import { explainFailure } from '../process/explain-failure.ts'
import type { CommandRow } from './command.ts'
import { commands } from './command-table.ts'
import { failCommand } from './fail-command.ts'
import { readVersion } from './version.ts'

const helpWords: ReadonlySet<string> = new Set(['help', '--help', '-h', '-help', '-?', '/?'])
const versionWords: ReadonlySet<string> = new Set(['version', '--version', '-v', '-V', '-version'])

/** `argv`: what stands behind `holdfast`. Ends the process. */
export async function runCommand(argv: readonly string[]): Promise<never> {
  try {
    await dispatch(argv)
  } catch (cause) {
    failCommand(`holdfast: ${explainFailure(cause)}`, 1)
  }
  process.exit()
}

async function dispatch([name, ...rest]: readonly string[]): Promise<void> {
  if (name === undefined) return console.log(usage())
  if (versionWords.has(name)) return console.log(readVersion())
  if (helpWords.has(name)) return help(rest)
  const row = commands.get(name)
  if (row === undefined) return failCommand(`${unknown(name)}\n\n${usage()}`, 2)
  if (asksFor(helpWords, rest)) return console.log((await row.load()).help())
  if (asksFor(versionWords, rest)) return console.log(readVersion())
  const command = await row.load()
  await command.run(rest)
}

/** As the first argument in any of its forms, further on only as a flag: a value may be any word. */
function asksFor(words: ReadonlySet<string>, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return false
  const flags = [...words].filter((word) => word.startsWith('--') || word === '-h')
  return words.has(first) || rest.some((argument) => flags.includes(argument))
}

async function help([name]: readonly string[]): Promise<void> {
  if (name === undefined || helpWords.has(name)) return console.log(usage())
  const row = commands.get(name)
  if (row === undefined) return failCommand(`${unknown(name)}\n\n${usage()}`, 2)
  console.log((await row.load()).help())
}

function usage(): string {
  const names = [...commands.keys()]
  const width = Math.max(...names.map((name) => name.length))
  const line = ([name, { summary }]: readonly [string, CommandRow]) =>
    `  holdfast ${name.padEnd(width)}   ${summary}`
  return `Usage: holdfast COMMAND [--name VALUE]...

${[...commands].map(line).join('\n')}

  holdfast COMMAND --help   all about a command
  holdfast --version`
}

function unknown(name: string): string {
  if (name.startsWith('-')) {
    return `holdfast: a command is missing before ${name}, such as: holdfast server ${name}`
  }
  const lower = name.toLowerCase()
  const sought = [...commands].find(([, row]) => row.alsoSoughtAs.includes(lower))?.[0]
  const meant = sought ?? nearestWord(name, [...commands.keys(), 'help', 'version'])
  const hint = meant === undefined ? '' : ` Did you mean "holdfast ${meant}"?`
  return `holdfast: there is no command "${name}".${hint}`
}
