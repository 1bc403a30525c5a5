#!/usr/bin/env node
// The command `holdfast`: finds the subcommand, reads the configuration, tells about mistakes.
import { fileURLToPath } from 'node:url'
import { type Config, readConfig } from '../gateway/config.ts'
import { describeSettings } from '../gateway/settings.ts'
import { explainFailure } from './explain-failure.ts'
import { openEngines } from './open-engines.ts'
import { runServer } from './server.ts'
import { readVersion } from './version.ts'

const usage = `holdfast server [--name VALUE]...   starts the S3 server
holdfast server --help              lists the settings
holdfast --version`

async function main(argv: readonly string[]): Promise<void> {
  const [command, ...rest] = argv
  switch (command) {
    case 'server':
      return server(rest)
    case '--version':
      return console.log(readVersion())
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      return console.log(usage)
    default:
      fail(`holdfast: there is no command "${command}".\n\n${usage}`, 2)
  }
}

async function server(argv: readonly string[]): Promise<void> {
  const parsed = readConfig(argv)
  switch (parsed.is) {
    case 'help':
      return console.log(
        `${usage}\n\nEach setting is also HOLDFAST_NAME in the environment:\n${describeSettings()}`,
      )
    case 'version':
      return console.log(readVersion())
    case 'mistakes':
      return fail(`holdfast server cannot start:\n  ${parsed.mistakes.join('\n  ')}`, 2)
    case 'config':
      return run(parsed.config)
    default:
      return parsed satisfies never
  }
}

async function run(config: Config): Promise<void> {
  await runServer({
    config,
    openEngines,
    workerModule: fileURLToPath(new URL('./s3-worker.js', import.meta.url)),
    version: readVersion(),
    print: (line) => console.log(line),
  })
}

function fail(message: string, code: number): void {
  console.error(message)
  process.exitCode = code
}

try {
  await main(process.argv.slice(2))
} catch (cause) {
  fail(`holdfast server: ${explainFailure(cause)}`, 1)
}
process.exit()
