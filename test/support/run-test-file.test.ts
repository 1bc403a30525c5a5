// What the runner makes of test files that pass, fail, hang, or say nothing.
import assert from 'node:assert'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from './describe.ts'
import { runTestFile } from './run-test-file.ts'

describe('running a test file', (test) => {
  let folder = ''
  test.before(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-runner-'))
  })
  test.after(() => rmSync(folder, { recursive: true }))

  async function run(script: string, timeoutMs = 30_000) {
    const file = join(folder, 'sample.mjs')
    writeFileSync(file, script)
    const { passed, failed, output } = await runTestFile(file, { timeoutMs, onStart: () => {} })
    return { passed, failed, output }
  }

  test('the counts it prints are the result', async () => {
    const result = await run(`console.log('tests: 3 passed, 0 failed')`)
    assert.deepStrictEqual([result.passed, result.failed], [3, 0])
  })

  test('failures are counted once, though the exit code tells of them too', async () => {
    const result = await run(`console.log('tests: 3 passed, 2 failed'); process.exitCode = 1`)
    assert.deepStrictEqual([result.passed, result.failed], [3, 2])
  })

  test('a file that prints no count has failed', async () => {
    const result = await run(`console.log('all fine')`)
    assert.deepStrictEqual([result.passed, result.failed], [0, 1])
    assert.match(result.output, /without saying how many tests ran/)
  })

  test('a bad exit code after good counts is a failure', async () => {
    const result = await run(`console.log('tests: 3 passed, 0 failed'); process.exitCode = 7`)
    assert.deepStrictEqual([result.passed, result.failed], [3, 1])
    assert.match(result.output, /ended with code 7/)
  })

  test('a file that hangs is stopped and has failed', async () => {
    const result = await run(`console.log('waiting'); setInterval(() => {}, 1000)`, 1000)
    assert.deepStrictEqual([result.passed, result.failed], [0, 1])
    assert.match(result.output, /waiting[\s\S]*stopped after 1 s/)
  })

  test('a process it leaves behind is ended, and so holds nothing up', async () => {
    const result = await run(`
      import { spawn } from 'node:child_process'
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
      console.log('tests: 1 passed, 0 failed')
      process.exit(0)`)
    assert.deepStrictEqual([result.passed, result.failed], [1, 0])
    assert.doesNotMatch(result.output, /stopped after/)
  })
})
