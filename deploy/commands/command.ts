// What a command of `holdfast` is. Which there are: `command-table.ts`. A new one is a file here and a
// row there.

/** What a module below `deploy/commands/` exports. */
export type Command = {
  /** What `holdfast NAME --help` prints. */
  readonly help: () => string
  /** `argv`: what stands behind the name. Sets `process.exitCode` where something went wrong. */
  readonly run: (argv: readonly string[]) => Promise<void>
}

export type CommandRow = {
  /** One line, in the list of all. */
  readonly summary: string
  /** Words under which people look for it, from other programs. */
  readonly alsoSoughtAs: readonly string[]
  /** Loaded when it is asked for: help and mistakes need no engines. */
  readonly load: () => Promise<Command>
}
