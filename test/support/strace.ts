// Runs a program under strace, for tests of the order of system calls. Where strace cannot be used
// such a test says so and passes, unless HOLDFAST_REQUIRE_STRACE is set, as it is in CI.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export type TraceRequest = {
  /** Arguments of `node`. */
  readonly program: readonly string[]
  readonly calls: readonly string[]
  /** Calls to fail, as `-e inject=` of strace takes them; counted by thread. */
  readonly inject?: string
  readonly env?: Readonly<Record<string, string>>
  /** Where strace writes; its lines are answered. */
  readonly logPath: string
}

/** The trace's lines; undefined when there is no working strace and none is demanded. */
export function traceSystemCalls(request: TraceRequest): readonly string[] | undefined {
  if (!canTrace()) return undefined
  const options = ['-f', '-y', '-e', `trace=${request.calls.join(',')}`, '-o', request.logPath]
  if (request.inject !== undefined) options.push('-e', `inject=${request.inject}`)
  const run = spawnSync('strace', [...options, process.execPath, ...request.program], {
    timeout: 60_000,
    env: { ...process.env, ...request.env },
  })
  if (run.status !== 0) throw new Error(`the traced program failed: ${run.stderr}`)
  return readFileSync(request.logPath, 'utf8').split('\n')
}

/** Says so when it cannot; throws when it is demanded. */
export function canTrace(): boolean {
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0) return true
  if (process.env.HOLDFAST_REQUIRE_STRACE) throw new Error('strace is demanded and does not work')
  console.log('not run: strace is not installed, or may not trace')
  return false
}
