// `holdfast zip`: gives it what it needs of this process, and tells what went wrong.
import { constants } from 'node:os'
import { readAwsCredentials } from '../../gateway/config/config.ts'
import { BadValue } from '../../gateway/config/config-values.ts'
import type { Command } from './command.ts'
import { failCommand } from './fail-command.ts'
import { BadZipCommand, explainZipFailure, runZip, zipUsage } from './zip-command.ts'

export const zipCommand: Command = { help: () => zipUsage, run }

async function run(argv: readonly string[]): Promise<void> {
  try {
    await runZip(argv, {
      credentials: readAwsCredentials(),
      progress: {
        isTerminal: process.stderr.isTTY,
        write: (text) => process.stderr.write(text),
        nowMs: () => performance.now(),
      },
      print: (line) => console.log(line),
      note: (line) => console.error(line),
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
      return failCommand(`holdfast zip: ${cause.message}\n\n${zipUsage}`, 2)
    }
    failCommand(`holdfast zip: ${explainZipFailure(cause)}`, 1)
  }
}
