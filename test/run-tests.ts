// `node dist/test/run-tests.js [--watch] [part of a path]... [!part of a path]... [--flag=value]...` runs the compiled test
// files, each in a process of its own, but those that are named with a `!`; flags are budgets, for the files that know them.
// Without a name: all but `compat/`, which needs foreign clients. The last line is `N passed, N failed`; the exit code is 1
// when a test failed or none ran.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, watch } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endGroup, type FileResult, runTestFile } from './support/run-test-file.ts'

const flags = process.argv.slice(2).filter((argument) => /^--[^=]+=/.test(argument))
const compiledTests = dirname(fileURLToPath(import.meta.url))
const sourceTests = resolve(compiledTests, '../../test')
const atATime = Math.max(2, availableParallelism())
const fileTimeoutMs = 10 * 60_000
/** Budgets are given for runs that take as long as they take. */
const budgetedTimeoutMs = 24 * 60 * 60_000
/** Files that have foreign clients load a server for all they can run one at a time, after the others. */
const runsAlone = /^compat\//
const onlyWhenNamed = /^compat\//

/** Paths of test files below `test/`, whose source still exists. */
function chooseFiles(names: readonly string[]): readonly string[] {
  const [without, wanted] = [names.filter(isWithout), names.filter((name) => !isWithout(name))]
  return readdirSync(compiledTests, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    .filter((path) => existsSync(join(sourceTests, path.replace(/\.js$/, '.ts'))))
    .filter((path) =>
      wanted.length === 0 ? !onlyWhenNamed.test(path) : wanted.some((name) => isOf(path, name)),
    )
    .filter((path) => !without.some((name) => isOf(path, name.slice(1))))
    .sort()
}

function isWithout(name: string): boolean {
  return name.startsWith('!')
}

function isOf(path: string, name: string): boolean {
  return path.includes(name.replace(/^test\/|\.ts$/g, ''))
}

async function runAll(names: readonly string[]): Promise<readonly FileResult[]> {
  const files = chooseFiles(names)
  const together = files.filter((file) => !runsAlone.test(file))
  const alone = files.filter((file) => runsAlone.test(file))
  return [...(await runQueue(together, atATime)), ...(await runQueue(alone, 1))]
}

const running = new Set<number>()

async function runQueue(files: readonly string[], width: number): Promise<readonly FileResult[]> {
  const results: FileResult[] = []
  const waiting = [...files]
  async function work(): Promise<void> {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      let pid = 0
      const result = await runTestFile(join(compiledTests, file), {
        timeoutMs: flags.length === 0 ? fileTimeoutMs : budgetedTimeoutMs,
        flags,
        onStart: (started) => {
          pid = started
          running.add(started)
        },
      })
      running.delete(pid)
      results.push(result)
      report(result)
    }
  }
  await Promise.all(Array.from({ length: width }, work))
  return results
}

function report(result: FileResult): void {
  const name = relative(compiledTests, result.file).replace(/\.js$/, '')
  const seconds = (result.durationMs / 1000).toFixed(1)
  if (result.failed === 0) {
    console.log(`ok    ${name}: ${result.passed} (${seconds} s)`)
    if (flags.length > 0) console.log(result.output.trimEnd().replace(/^/gm, '      '))
    // Programs that are missing here are named, though nothing has failed.
    for (const [line] of result.output.matchAll(/not run: .*$/gm)) console.log(`      ${line}`)
    return
  }
  console.log(`FAIL  ${name}: ${result.passed} passed, ${result.failed} failed (${seconds} s)`)
  console.log(result.output.trimEnd().replace(/^/gm, '      '))
}

/** Prints the closing line; true when something ran and nothing failed. */
function summarise(results: readonly FileResult[]): boolean {
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  const failed = results.reduce((sum, result) => sum + result.failed, 0)
  if (passed + failed === 0) console.log('No test ran.')
  console.log(`${passed} passed, ${failed} failed`)
  return passed > 0 && failed === 0
}

/** Compiles and runs again whenever a source changes, until it is interrupted. */
async function watchAndRun(names: readonly string[]): Promise<void> {
  const compiler = spawn('npx', ['tsc', '--watch', '--preserveWatchOutput'], { stdio: 'inherit' })
  process.on('exit', () => compiler.kill())
  let changed = () => {}
  watch(dirname(compiledTests), { recursive: true }, () => changed())
  for (;;) {
    const change = new Promise<void>((resolve) => {
      changed = resolve
    })
    summarise(await runAll(names))
    await change
    // The compiler writes many files: wait until it rests.
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const pid of running) endGroup(pid)
    process.exit(130)
  })
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
if (process.argv.includes('--watch')) await watchAndRun(names)
else process.exitCode = summarise(await runAll(names)) ? 0 : 1
