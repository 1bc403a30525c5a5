// `holdfast recover`: what the operator asks for. What it does: `deploy/recovery/recover-data.ts`.
import { recoverData } from '../recovery/recover-data.ts'
import type { Command } from './command.ts'
import { dataDirectoryOf, keepMsOf, parseFlags, runCommandWork } from './command-flags.ts'

export const recoverCommand: Command = { help, run }

function help(): string {
  return `holdfast recover [--data DIR] [--yes] [--keep DURATION]

  For a store whose metadata and chunks do not match: one of them is an older copy, or was used elsewhere.
  Says what can be read of it, and with --yes takes them for each other's. The server must not run.
  Nothing is deleted: chunks that the metadata do not know are set aside.

  --data DIR        The data directory. Default: ./data
  --yes             Go on, having read what it costs.
  --keep DURATION   For so long of its running time the server deletes no chunk afterwards. Default: 7d

  Ends with 0 when the server can be started, 1 when not, 2 when the command line is wrong.`
}

async function run(argv: readonly string[]): Promise<void> {
  await runCommandWork({ name: 'recover', help }, () => {
    const flags = parseFlags(argv, {
      data: { type: 'string' },
      keep: { type: 'string' },
      yes: { type: 'boolean' },
    })
    return recoverData({
      dataDirectory: dataDirectoryOf(flags),
      keepMs: keepMsOf(flags),
      isConfirmed: flags.yes === true,
      print: (line) => console.log(line),
    })
  })
}
