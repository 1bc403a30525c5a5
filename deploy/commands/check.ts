// `holdfast check`: reads which data directory is meant, and looks through it.
import { readConfig } from '../../gateway/config/config.ts'
import { describeSettings } from '../../gateway/config/settings.ts'
import { checkData } from '../recovery/check-data.ts'
import { recountData } from '../recovery/recount-data.ts'
import type { Command } from './command.ts'
import { failCommand } from './fail-command.ts'

export const checkCommand: Command = { help, run }

function help(): string {
  return `holdfast check [--data DIR] [--master-key-file PATH] [--recount]

  Looks through the data of a server that is stopped, or through a backup: reads and decrypts every object,
  counts every reference, and says what it could not look at. Changes nothing.
  --recount first counts anew what each bucket holds, where a check has said that a count is wrong; it writes that alone.
  Ends with 0 when all is well, 1 when something is wrong, 2 when the command line is.

${describeSettings(['data', 'master-key-file', 'config'])}

  The other settings of the server may stand here too, and say nothing.`
}

/** The settings are those of the server, of which only those of the data directory and the key count. */
async function run(argv: readonly string[]): Promise<void> {
  const parsed = readConfig(argv.filter((flag) => flag !== '--recount'))
  switch (parsed.is) {
    case 'mistakes':
      return failCommand(`holdfast check cannot start:\n  ${parsed.mistakes.join('\n  ')}`, 2)
    case 'config': {
      const { dataDirectory, masterKeyFile } = parsed.config
      const print = (line: string) => console.log(line)
      if (argv.includes('--recount')) await recountData({ dataDirectory, masterKeyFile, print })
      const isWell = await checkData({ dataDirectory, masterKeyFile, print })
      if (!isWell) process.exitCode = 1
      return
    }
    default:
      return parsed satisfies never
  }
}
