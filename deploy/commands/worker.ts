// `holdfast worker`: reads its settings, tells about mistakes, and runs.
import type { Command } from './command.ts'
import { roleHelp, runRoleCommand } from './role-command.ts'

export const workerCommand: Command = {
  help: () =>
    roleHelp(
      'worker',
      `Does what commits have left to do, and jobs, with metadata and chunks that are kept elsewhere (docs/cluster.md), in one
  process. Start as many as you like.`,
    ),
  run: (argv) => runRoleCommand('worker', argv),
}
