#!/usr/bin/env node
// The command `holdfast`: finds the subcommand, reads the configuration, tells about mistakes.
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Config, readAwsCredentials, readConfig } from '../gateway/config.ts'
import { BadValue } from '../gateway/config-values.ts'
import { describeSettings } from '../gateway/settings.ts'
import { checkData } from './check-data.ts'
import { tuneCollector } from './collector-flags.ts'
import { explainFailure } from './explain-failure.ts'
import { outliveLog } from './log.ts'
import { openEngines } from './open-engines.ts'
import { runServer } from './server.ts'
import { readVersion } from './version.ts'
import { BadZipCommand, explainZipFailure, runZip, zipUsage } from './zip-command.ts'

const usage = `holdfast server [--name VALUE]...   starts the S3 server
holdfast server --help              lists the settings
holdfast check [--name VALUE]...    verifies the data of a server that is stopped
holdfast zip --help                 fetches or stores a prefix as one zip
holdfast --version`

async function main(argv: readonly string[]): Promise<void> {
  const [command, ...rest] = argv
  switch (command) {
    case 'server':
      return server(rest)
    case 'zip':
      return zip(rest)
    case 'check':
      return check(rest)
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
  outliveLog()
  tuneCollector()
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

/** The settings are those of the server, of which only the data directory counts. */
async function check(argv: readonly string[]): Promise<void> {
  const parsed = readConfig(argv)
  switch (parsed.is) {
    case 'help':
      return console.log(usage)
    case 'version':
      return console.log(readVersion())
    case 'mistakes':
      return fail(`holdfast check cannot start:\n  ${parsed.mistakes.join('\n  ')}`, 2)
    case 'config': {
      const isWell = await checkData(parsed.config.dataDirectory, (line) => console.log(line))
      if (!isWell) process.exitCode = 1
      return
    }
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

async function zip(argv: readonly string[]): Promise<void> {
  try {
    await runZip(argv, {
      credentials: readAwsCredentials(),
      progress: {
        isTerminal: process.stderr.isTTY,
        write: (text) => process.stderr.write(text),
        nowMs: () => performance.now(),
      },
      print: (line) => console.log(line),
      ifInterrupted: (sentence) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) {
          process.once(signal, () => {
            console.error(`\nholdfast zip: interrupted. ${sentence}`)
            process.exit(128 + constants.signals[signal])
          })
        }
      },
    })
  } catch (cause) {
    if (cause instanceof BadZipCommand || cause instanceof BadValue) {
      return fail(`holdfast zip: ${cause.message}\n\n${zipUsage}`, 2)
    }
    fail(`holdfast zip: ${explainZipFailure(cause)}`, 1)
  }
}

function fail(message: string, code: number): void {
  console.error(message)
  process.exitCode = code
}

try {
  await main(process.argv.slice(2))
} catch (cause) {
  fail(`holdfast: ${explainFailure(cause)}`, 1)
}
process.exit()
