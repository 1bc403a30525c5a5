// `holdfast restore`: what the operator asks for. What it does: `deploy/recovery/restore-data.ts`.
import { join } from 'node:path'
import { restoreData } from '../recovery/restore-data.ts'
import type { Command } from './command.ts'
import { dataDirectoryOf, keepMsOf, parseFlags, runCommandWork, textOf } from './command-flags.ts'

export const restoreCommand: Command = { help, run }

function help(): string {
  return `holdfast restore --from DIR [--data DIR] [--keep-metadata] [--keep DURATION]

  Brings a store back from a backup: all of it into an empty directory; or, where a store is left, the
  metadata of the backup, and the chunks that are missing. The server must not run. What is replaced is kept.

  --from DIR              The backup.
  --data DIR              The data directory. Default: ./data
  --keep-metadata         The metadata there are good: bring back missing chunks alone.
  --keep DURATION         For so long of its running time the server deletes no chunk afterwards. Default: 7d
  --master-key-file PATH  Where the master key is. Default: master.key in the data directory

  Ends with 0 when nothing is missing, 1 when something is, 2 when the command line is wrong.`
}

async function run(argv: readonly string[]): Promise<void> {
  await runCommandWork({ name: 'restore', help }, () => {
    const flags = parseFlags(argv, {
      data: { type: 'string' },
      from: { type: 'string' },
      keep: { type: 'string' },
      'keep-metadata': { type: 'boolean' },
      'master-key-file': { type: 'string' },
    })
    const dataDirectory = dataDirectoryOf(flags)
    return restoreData({
      dataDirectory,
      from: textOf(flags, 'from'),
      masterKeyFile: textOf(flags, 'master-key-file', join(dataDirectory, 'master.key')),
      metadata: flags['keep-metadata'] === true ? 'kept' : 'fromBackup',
      keepMs: keepMsOf(flags),
      nowMs: Date.now(),
      print: (line) => console.log(line),
    })
  })
}
