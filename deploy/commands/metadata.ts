// `holdfast metadata`: reads its settings, tells about mistakes, and serves metadata to other processes.
import { sourcesOf } from '../../gateway/config/config.ts'
import {
  metadataListenDefault,
  metadataServiceSettings,
  parseMetadataServiceConfig,
} from '../../gateway/config/metadata-service-config.ts'
import { describeSettings } from '../../gateway/config/settings.ts'
import { outliveLog } from '../process/log.ts'
import { serveMetadata } from '../process/serve-metadata.ts'
import type { Command } from './command.ts'
import { failCommand } from './fail-command.ts'
import { databaseHelp, isDatabaseCommand, runDatabaseCommand } from './metadata-database.ts'
import { readVersion } from './version.ts'

export const metadataCommand: Command = { help, run }

function help(): string {
  return `holdfast metadata --metadata LOCATION --cluster-secret-file FILE [--name VALUE]...

  Serves metadata to the other parts of a cluster (docs/cluster.md), and stops when it gets SIGTERM or SIGINT.
  With a directory (lmdb:DIR) it is the only process that has it open; before a database (mongodb://…) there may be
  several.

${databaseHelp}

  --listen HOST:PORT
      Where it is called, and where it answers /health/live and /health/ready.
      Default: ${metadataListenDefault}
${describeSettings(metadataServiceSettings)}

  The settings of a server may stand here too, and say nothing.`
}

async function run(argv: readonly string[]): Promise<void> {
  const [what] = argv
  if (isDatabaseCommand(what)) return runDatabaseCommand(what, argv.slice(1))
  outliveLog()
  const parsed = parseMetadataServiceConfig(sourcesOf(argv))
  switch (parsed.is) {
    case 'mistakes':
      return failCommand(`holdfast metadata cannot start:\n  ${parsed.mistakes.join('\n  ')}`, 2)
    case 'config':
      return serveMetadata(parsed.config, {
        version: readVersion(),
        print: (line) => console.log(line),
      })
    default:
      return parsed satisfies never
  }
}
