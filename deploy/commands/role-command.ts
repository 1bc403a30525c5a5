// What the commands of gateways and workers have in common.
import { sourcesOf } from '../../gateway/config/config.ts'
import { parseRoleConfig } from '../../gateway/config/role-config.ts'
import { describeSettings, settingNames } from '../../gateway/config/settings.ts'
import { tuneCollector } from '../process/collector-flags.ts'
import { outliveLog } from '../process/log.ts'
import { type Role, runRole } from '../process/run-role.ts'
import { failCommand } from './fail-command.ts'
import { readVersion } from './version.ts'

/** Of a server alone, or of what is served by others. */
const notOfRoles = new Set(['data', 'workers', 'tls-ca', 'keep-orphans', 'stale-upload-age'])

export function roleHelp(role: Role, what: string): string {
  const names = settingNames.filter((name) => !notOfRoles.has(name))
  return `holdfast ${role} --metadata LOCATION --chunks URL --master-key-file FILE [--name VALUE]...

  ${what}
  It stops when it gets SIGTERM or SIGINT.

Each setting is also HOLDFAST_NAME in the environment or in a file, see --config:
${describeSettings(names)}`
}

export async function runRoleCommand(role: Role, argv: readonly string[]): Promise<void> {
  outliveLog()
  tuneCollector()
  const parsed = parseRoleConfig(sourcesOf(argv))
  switch (parsed.is) {
    case 'mistakes':
      return failCommand(`holdfast ${role} cannot start:\n  ${parsed.mistakes.join('\n  ')}`, 2)
    case 'config':
      for (const hint of parsed.hints) console.error(hint)
      return runRole(role, parsed.config, {
        version: readVersion(),
        print: (line) => console.log(line),
      })
    default:
      return parsed satisfies never
  }
}
