// One way to write a test file. uvu leaves exit code 0 when a hook throws or `.run()` is forgotten;
// this wrapper runs every suite by itself and counts what ran, so that silence is a failure.
import { suite } from 'uvu'

export type TestContext = { readonly name: string }
type Body = () => void | Promise<void>

export interface Test {
  (sentence: string, body: Body): void
  /** Runs once before the first test of the suite. A throw fails the file. */
  before(hook: Body): void
  /** Runs once after the last test of the suite, also when tests failed. */
  after(hook: Body): void
  beforeEach(hook: Body): void
  afterEach(hook: Body): void
}

const seen = { defined: 0, passed: 0, failed: 0 }

/** Declares and runs one suite. `name` is what the suite is about, each test is a sentence. */
export function describe(name: string, define: (test: Test) => void): void {
  const tests = suite(name)
  const test: Test = Object.assign(
    (sentence: string, body: Body) => {
      seen.defined += 1
      tests(sentence, async () => {
        try {
          await body()
          seen.passed += 1
        } catch (cause) {
          seen.failed += 1
          throw cause
        }
      })
    },
    {
      before: (hook: Body) => tests.before(guarded(name, hook)),
      after: (hook: Body) => tests.after(guarded(name, hook)),
      beforeEach: (hook: Body) => tests.before.each(guarded(name, hook)),
      afterEach: (hook: Body) => tests.after.each(guarded(name, hook)),
    },
  )
  define(test)
  tests.run()
}

function guarded(name: string, hook: Body): () => Promise<void> {
  return async () => {
    try {
      await hook()
    } catch (cause) {
      seen.failed += 1
      process.exitCode = 1
      console.error(`a hook of "${name}" failed:`, cause)
      throw cause
    }
  }
}

process.on('exit', (code) => {
  const missing = seen.defined - seen.passed - seen.failed
  const failed = seen.failed + Math.max(0, missing)
  if (missing > 0) console.error(`${missing} tests were declared and never finished`)
  if (seen.defined === 0) console.error('this file declares no test')
  if (failed > 0 || seen.defined === 0 || code !== 0) process.exitCode = code === 0 ? 1 : code
  console.log(`tests: ${seen.passed} passed, ${failed} failed`)
})
