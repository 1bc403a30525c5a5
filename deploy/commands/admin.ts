// `holdfast admin`: a client of the admin API. What it can do is in `deploy/admin/`.
import { readFile } from 'node:fs/promises'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { readAdminCredentials } from '../../gateway/config/config.ts'
import { BadValue } from '../../gateway/config/config-values.ts'
import { nearestWord } from '../../gateway/config/nearest-word.ts'
import { settingOf } from '../../gateway/config/settings.ts'
import { AdminClient, AdminRefused, AdminUnreachable } from '../admin/admin-client.ts'
import type { Verb } from '../admin/admin-verb.ts'
import { groupVerbs, keyVerbs, policyVerbs, userVerbs } from '../admin/verbs-of-identities.ts'
import { adminVerbs, quotaVerbs, tenantVerbs } from '../admin/verbs-of-tenants.ts'
import type { Command } from './command.ts'
import { requireOnce, runCommandWork } from './command-flags.ts'
import { failCommand } from './fail-command.ts'

export const adminCommand: Command = { help, run }

const verbs: readonly Verb[] = [
  ...[tenantVerbs, userVerbs, groupVerbs, keyVerbs, policyVerbs, quotaVerbs, adminVerbs].flat(),
]

const defaultUrl = `http://${settingOf('admin-listen').fallback}`

function help(): string {
  const shown = verbs.map(({ name, takes, flags = {}, means }) => {
    const given = Object.entries(flags).map(
      ([flag, { value, means: says }]) =>
        `      --${flag}${value === undefined ? '' : ` ${value}`}   ${says}`,
    )
    return [`  ${[name, ...takes].join(' ')}`, `      ${means}`, ...given].join('\n')
  })
  return `holdfast admin NOUN VERB [WORD]... [--json] [--admin URL]

  Looks after the tenants of a server and what is theirs, by its admin API (docs/admin-api.md).

${shown.join('\n')}

  --json       Prints the answer of the server as JSON.
  --admin URL  Where the admin API is. Default: ${defaultUrl}

  Signs in by HOLDFAST_ADMIN_TOKEN, or HOLDFAST_ROOT_ACCESS_KEY and HOLDFAST_ROOT_SECRET_KEY, or AWS_ACCESS_KEY_ID and
  AWS_SECRET_ACCESS_KEY.
  Ends with 0 when it was done, 1 when the server refuses or cannot be reached, 2 when the command line is wrong.`
}

async function run(argv: readonly string[]): Promise<void> {
  await runCommandWork({ name: 'admin', help }, async () => {
    const { verb, words, values } = parseCommand(argv)
    const signIn = readAdminCredentials()
    if (signIn === undefined) {
      throw new BadValue(
        'HOLDFAST_ROOT_ACCESS_KEY and HOLDFAST_ROOT_SECRET_KEY, or another key or token, must be set.',
      )
    }
    const client = new AdminClient(parseUrl(values.admin ?? defaultUrl), signIn)
    try {
      const flags = { ...values }
      const read = (path: string) => readFile(path, 'utf8')
      const { json, lines } = await verb.run({ client, words, flags, readFile: read })
      if (values.json !== undefined) console.log(JSON.stringify(json, undefined, 2))
      else for (const line of lines) console.log(line)
      return true
    } catch (cause) {
      const isTold = cause instanceof AdminRefused || cause instanceof AdminUnreachable
      if (!isTold) throw cause
      failCommand(`holdfast admin: ${cause.message}`, 1)
      return false
    }
  })
}

type Parsed = {
  readonly verb: Verb
  readonly words: Readonly<Record<string, string>>
  /** Of switches: their names. */
  readonly values: Readonly<Record<string, string | undefined>>
}

function parseCommand(argv: readonly string[]): Parsed {
  const [noun = '', second = '', ...rest] = argv
  const verb = findVerb(noun, second)
  const { values, positionals } = parseFlags(verb, rest)
  const missing = verb.takes[positionals.length]
  if (missing !== undefined) throw new BadValue(`${verb.name} needs ${verb.takes.join(' ')}.`)
  const more = positionals[verb.takes.length]
  if (more !== undefined) throw new BadValue(`"${more}" is one word too many.`)
  const words = Object.fromEntries(verb.takes.map((name, at) => [name, positionals[at] ?? '']))
  for (const [name, word] of Object.entries(words)) {
    if (word === '') throw new BadValue(`${name} is empty.`)
  }
  return { verb, words, values }
}

function findVerb(noun: string, second: string): Verb {
  const name = `${noun} ${second}`
  const found = verbs.find((verb) => verb.name === name)
  if (found !== undefined) return found
  if (noun === '') throw new BadValue('a noun and a verb are needed, such as: tenant list')
  const meant = nearestWord(
    name,
    verbs.map((verb) => verb.name),
  )
  const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`
  throw new BadValue(`there is no "admin ${name.trim()}".${hint}`)
}

function parseFlags({ flags = {} }: Verb, args: readonly string[]) {
  const options: NonNullable<ParseArgsConfig['options']> = {
    admin: { type: 'string' },
    json: { type: 'boolean' },
  }
  for (const [name, { value }] of Object.entries(flags)) {
    options[name] = { type: value === undefined ? 'boolean' : 'string' }
  }
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, tokens: true })
    requireOnce(parsed.tokens)
    const values = Object.entries(parsed.values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : name,
    ])
    return { values: Object.fromEntries(values), positionals: parsed.positionals }
  } catch (cause) {
    throw new BadValue(cause instanceof Error ? cause.message : String(cause))
  }
}

function parseUrl(raw: string): URL {
  const url = URL.canParse(raw) ? new URL(raw) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/') return url
  throw new BadValue(`--admin: "${raw}" is no URL, such as ${defaultUrl}`)
}
