// `holdfast gateway`: reads its settings, tells about mistakes, and runs.
import type { Command } from './command.ts'
import { roleHelp, runRoleCommand } from './role-command.ts'

export const gatewayCommand: Command = {
  help: () =>
    roleHelp(
      'gateway',
      `Serves S3, with metadata and chunks that are kept elsewhere (docs/cluster.md), in one process. Start as many as you
  like, and put them behind one address.`,
    ),
  run: (argv) => runRoleCommand('gateway', argv),
}
