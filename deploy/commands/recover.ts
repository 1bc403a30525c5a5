// `holdfast recover`: what the operator asks for. What it does: `deploy/recovery/recover-data.ts`.
import { takeClusterAccess } from '../../gateway/config/cluster-access.ts'
import { sourcesOf } from '../../gateway/config/config.ts'
import { collectSettings } from '../../gateway/config/config-sources.ts'
import { BadValue } from '../../gateway/config/config-values.ts'
import { SettingValues } from '../../gateway/config/setting-values.ts'
import { parseMetadataLocation } from '../../metadata/metadata-location.ts'
import { recoverBeside } from '../recovery/recover-beside.ts'
import { type Recovery, recoverData } from '../recovery/recover-data.ts'
import { openOuterMetadata } from '../stores/outer-metadata.ts'
import type { Command } from './command.ts'
import { dataDirectoryOf, keepMsOf, parseFlags, runCommandWork, textOf } from './command-flags.ts'

export const recoverCommand: Command = { help, run }

function help(): string {
  return `holdfast recover [--data DIR] [--yes] [--keep DURATION]

  For a store whose metadata and chunks do not match: one of them is an older copy, or was used elsewhere.
  Says what can be read of it, and with --yes takes them for each other's. The server must not run.
  Nothing is deleted: chunks that the metadata do not know are set aside.

  --data DIR        The data directory. Default: ./data
  --metadata LOCATION
                    Where the metadata are, if not in it. Settings of the cluster (its secret, certificates) come from
                    HOLDFAST_… variables. All gateways and workers must have stopped.
  --yes             Go on, having read what it costs.
  --keep DURATION   For so long of its running time the server deletes no chunk afterwards. Default: 7d

  Ends with 0 when the server can be started, 1 when not, 2 when the command line is wrong.`
}

async function run(argv: readonly string[]): Promise<void> {
  await runCommandWork({ name: 'recover', help }, () => {
    const flags = parseFlags(argv, {
      data: { type: 'string' },
      metadata: { type: 'string' },
      keep: { type: 'string' },
      yes: { type: 'boolean' },
    })
    const recovery: Recovery = {
      dataDirectory: dataDirectoryOf(flags),
      keepMs: keepMsOf(flags),
      isConfirmed: flags.yes === true,
      print: (line) => console.log(line),
    }
    return flags.metadata === undefined
      ? recoverData(recovery)
      : recoverElsewhere(recovery, textOf(flags, 'metadata'))
  })
}

/** Throws `BadValue`. */
async function recoverElsewhere(recovery: Recovery, location: string): Promise<boolean> {
  const mistakes: string[] = []
  const sources = sourcesOf([])
  const values = new SettingValues(collectSettings(sources, mistakes), mistakes)
  const cluster = takeClusterAccess(values, sources)
  const parsed = parseMetadataLocation(location)
  if (parsed.is === 'mistakes') mistakes.push(...parsed.mistakes)
  if (mistakes.length > 0) throw new BadValue(mistakes.join('; '))
  const outer = await openOuterMetadata({
    ...{ location, cluster, role: 'primary', print: recovery.print },
    onUnusable: () => {},
  })
  try {
    return await recoverBeside(recovery, outer)
  } finally {
    await outer.engine.close()
  }
}
