// `holdfast backup`: what the operator asks for. What it does: `deploy/recovery/backup-data.ts`.
import { backupData } from '../recovery/backup-data.ts'
import type { Command } from './command.ts'
import { dataDirectoryOf, parseFlags, runCommandWork, textOf } from './command-flags.ts'

export const backupCommand: Command = { help, run }

function help(): string {
  return `holdfast backup --to DIR [--data DIR]

  Copies a store, of one moment, whether its server runs or not. Into the directory of an earlier backup,
  only what is new is copied; that one counts until this one is whole. The master key is not copied.

  --to DIR     Where the backup is, or is to be.
  --data DIR   The data directory. Default: ./data

  Ends with 0 when the backup is whole, 1 when not, 2 when the command line is wrong.`
}

async function run(argv: readonly string[]): Promise<void> {
  await runCommandWork({ name: 'backup', help }, () => {
    const flags = parseFlags(argv, { data: { type: 'string' }, to: { type: 'string' } })
    return backupData({
      dataDirectory: dataDirectoryOf(flags),
      to: textOf(flags, 'to'),
      print: (line) => console.log(line),
    })
  })
}
