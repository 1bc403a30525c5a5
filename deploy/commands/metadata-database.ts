// `holdfast metadata init` and `holdfast metadata role`: what an administrator of a database does before it is served.

import { takeMetadataLocation } from '../../gateway/config/cluster-access.ts'
import { sourcesOf } from '../../gateway/config/config.ts'
import { collectSettings } from '../../gateway/config/config-sources.ts'
import { SettingValues } from '../../gateway/config/setting-values.ts'
import { parseMetadataLocation } from '../../metadata/metadata-location.ts'
import { renderDatabaseRole } from '../../metadata/mongodb/database-role.ts'
import { initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { databaseNameOf } from '../../metadata/mongodb/mongo-address.ts'
import { failCommand } from './fail-command.ts'

export const databaseHelp = `  holdfast metadata init --metadata mongodb://… [--shard NAME]...
      Makes collections, rules for documents and indexes in a database, and on a sharded cluster how each is spread; on
      these shards alone if any are named. Safe to repeat; to be run before the first start, and after an upgrade.

  holdfast metadata role --metadata mongodb://…
      Prints the least rights that a server needs in that database, for mongosh. Reaches for nothing.`

export function isDatabaseCommand(word: string | undefined): word is 'init' | 'role' {
  return word === 'init' || word === 'role'
}

export async function runDatabaseCommand(
  what: 'init' | 'role',
  argv: readonly string[],
): Promise<void> {
  const { shards, rest } = takeShards(argv)
  const mistakes: string[] = []
  const values = new SettingValues(collectSettings(sourcesOf(rest), mistakes), mistakes)
  const raw = takeMetadataLocation(values)
  const parsed = raw === undefined ? undefined : parseMetadataLocation(raw)
  const location = parsed?.is === 'location' ? parsed.location : undefined
  if (mistakes.length === 0 && location?.is !== 'mongodb') {
    mistakes.push('--metadata: names the database, as in mongodb://HOST:PORT/NAME')
  }
  if (mistakes.length > 0 || location?.is !== 'mongodb') {
    return failCommand(`holdfast metadata ${what}:\n  ${mistakes.join('\n  ')}`, 2)
  }
  const { uri } = location
  if (what === 'role') {
    process.stdout.write(renderDatabaseRole(databaseNameOf(uri)))
    return
  }
  const made = await initDatabaseAt({ uri }, shards.length === 0 ? {} : { shards })
  for (const remark of made.remarks) console.log(remark)
  console.log(
    `The database is ready: schema ${made.schema}, ${made.collections.length} collections.`,
  )
}

function takeShards(argv: readonly string[]): { shards: readonly string[]; rest: string[] } {
  const shards: string[] = []
  const rest: string[] = []
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    if (word === '--shard') {
      at += 1
      shards.push(argv[at] ?? '')
    } else if (word.startsWith('--shard=')) shards.push(word.slice('--shard='.length))
    else rest.push(word)
  }
  return { shards: shards.filter((name) => name !== ''), rest }
}
