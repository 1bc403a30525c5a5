// `holdfast server`: reads the settings, tells about mistakes, and runs the server.
import { fileURLToPath } from 'node:url'
import { type Config, readConfig } from '../../gateway/config/config.ts'
import { describeSettings } from '../../gateway/config/settings.ts'
import { tuneCollector } from '../process/collector-flags.ts'
import { outliveLog } from '../process/log.ts'
import { openEngines } from '../process/open-engines.ts'
import { runServer } from '../process/server.ts'
import type { Command } from './command.ts'
import { failCommand } from './fail-command.ts'
import { readVersion } from './version.ts'

export const serverCommand: Command = { help, run }

function help(): string {
  return `holdfast server [--name VALUE]...

  Starts the S3 server, and stops it when it gets SIGTERM or SIGINT. With no setting at all it keeps its
  data in ./data and serves this machine alone.

Each setting is also HOLDFAST_NAME in the environment or in a file, see --config:
${describeSettings()}`
}

async function run(argv: readonly string[]): Promise<void> {
  outliveLog()
  tuneCollector()
  const parsed = readConfig(argv)
  switch (parsed.is) {
    case 'mistakes':
      return failCommand(`holdfast server cannot start:\n  ${parsed.mistakes.join('\n  ')}`, 2)
    case 'config':
      for (const hint of parsed.hints) console.error(hint)
      return serve(parsed.config)
    default:
      return parsed satisfies never
  }
}

async function serve(config: Config): Promise<void> {
  await runServer({
    config,
    openEngines,
    workerModule: fileURLToPath(new URL('../s3-worker.js', import.meta.url)),
    version: readVersion(),
    print: (line) => console.log(line),
  })
}
