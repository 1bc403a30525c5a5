// How a command tells that it cannot do what it was asked.

/** 1: it did not work out. 2: the command line is wrong. */
export function failCommand(message: string, code: 1 | 2): void {
  console.error(message)
  process.exitCode = code
}
