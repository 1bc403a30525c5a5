// `holdfast datanode`: reads its settings, tells about mistakes, and serves chunks to other processes.
import { sourcesOf } from '../../gateway/config/config.ts'
import {
  datanodeListenDefault,
  datanodeSettings,
  parseDatanodeConfig,
} from '../../gateway/config/datanode-config.ts'
import { describeSettings } from '../../gateway/config/settings.ts'
import { outliveLog } from '../process/log.ts'
import { serveDatanode } from '../process/serve-datanode.ts'
import type { Command } from './command.ts'
import { failCommand } from './fail-command.ts'
import { readVersion } from './version.ts'

export const datanodeCommand: Command = { help, run }

function help(): string {
  return `holdfast datanode --data DIR --metadata LOCATION --cluster-secret-file FILE [--name VALUE]...

  Keeps the chunks of a cluster in a directory and serves them to its gateways and workers (docs/cluster.md). It stops
  when it gets SIGTERM or SIGINT.

  --listen HOST:PORT
      Where it is called, and where it answers /health/live and /health/ready.
      Default: ${datanodeListenDefault}
${describeSettings(datanodeSettings)}

  The settings of a server may stand here too, and say nothing.`
}

async function run(argv: readonly string[]): Promise<void> {
  outliveLog()
  const parsed = parseDatanodeConfig(sourcesOf(argv))
  switch (parsed.is) {
    case 'mistakes':
      return failCommand(`holdfast datanode cannot start:\n  ${parsed.mistakes.join('\n  ')}`, 2)
    case 'config':
      return serveDatanode(parsed.config, {
        version: readVersion(),
        print: (line) => console.log(line),
      })
    default:
      return parsed satisfies never
  }
}
