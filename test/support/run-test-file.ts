// Runs one compiled test file in a process of its own and reads the count it prints at its end
// (`describe.ts`). Which files run, and when, is decided in `run-tests.ts`.
import { spawn } from 'node:child_process'

export type FileResult = {
  readonly file: string
  readonly passed: number
  /** A file that ends without its count, or with a non-zero code for no test's sake, counts as one. */
  readonly failed: number
  readonly output: string
  readonly durationMs: number
}

/** Never rejects: whatever goes wrong is a failed result. */
export async function runTestFile(
  file: string,
  options: {
    readonly timeoutMs: number
    readonly flags?: readonly string[]
    readonly onStart: (pid: number) => void
  },
): Promise<FileResult> {
  const startedMs = Date.now()
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...(options.flags ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that servers a failed test leaves behind end with it.
    detached: true,
  })
  if (child.pid !== undefined) options.onStart(child.pid)
  const pieces: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece))
  child.stderr.on('data', (piece: Buffer) => pieces.push(piece))
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    if (child.pid !== undefined) endGroup(child.pid)
  }, options.timeoutMs)
  const problem = await endOf(child)
  clearTimeout(timer)
  const output = Buffer.concat(pieces).toString()
  const note = timedOut ? `stopped after ${options.timeoutMs / 1000} s` : problem
  return { file, ...countOf(output, note), durationMs: Date.now() - startedMs }
}

/** Ends what is left of a test file's process group. */
export function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) throw cause
  }
}

/** What was wrong with how the process ended, if anything. */
function endOf(child: ReturnType<typeof spawn>): Promise<string | undefined> {
  return new Promise((resolve) => {
    let problem: string | undefined
    child.on('error', (cause) => resolve(`could not be started: ${cause.message}`))
    child.on('exit', (code, signal) => {
      if (code !== 0) problem = `ended with ${signal ?? `code ${code}`}`
      // Processes left behind hold the pipes open, and 'close' would never come.
      if (child.pid !== undefined) endGroup(child.pid)
    })
    child.on('close', () => resolve(problem))
  })
}

function countOf(
  output: string,
  problem: string | undefined,
): Pick<FileResult, 'passed' | 'failed' | 'output'> {
  const counts = [...output.matchAll(/^tests: (\d+) passed, (\d+) failed$/gm)].at(-1)
  if (counts === undefined) {
    const why = problem ?? 'ended without saying how many tests ran'
    return { passed: 0, failed: 1, output: `${output}\n${why}\n` }
  }
  const passed = Number(counts[1])
  const failed = Number(counts[2])
  if (failed > 0 || problem === undefined) return { passed, failed, output }
  return { passed, failed: 1, output: `${output}\n${problem}\n` }
}
