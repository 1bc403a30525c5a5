// The command itself: what it says to those who ask, and to those who mistype.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe } from '../support/describe.ts'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))

function run(...argv: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
    encoding: 'utf8',
    env: {},
  })
  return { status, stdout, stderr }
}

describe('the command holdfast', (test) => {
  test('without a command, or asked for help, shows how it is used', () => {
    for (const argv of [[], ['help'], ['--help']]) {
      const { status, stdout } = run(...argv)
      assert.strictEqual(status, 0)
      assert.match(stdout, /^holdfast server \[--name VALUE\]/)
    }
  })

  test('tells its version', () => {
    assert.match(run('--version').stdout, /^\d+\.\d+\.\d+\n$/)
  })

  test('server --help lists the settings with their defaults', () => {
    const { status, stdout } = run('server', '--help')
    assert.strictEqual(status, 0)
    assert.match(stdout, /--listen HOST:PORT\n.*Default: 127\.0\.0\.1:9000/)
  })

  test('an unknown command is named, with those there are', () => {
    const { status, stderr } = run('serve')
    assert.strictEqual(status, 2)
    assert.match(stderr, /there is no command "serve"[\s\S]*holdfast server/)
  })

  test('every mistake in the settings is told at once, and nothing starts', () => {
    const { status, stdout, stderr } = run(
      'server',
      '--listen',
      'x',
      '--workers',
      'many',
      '--colour',
    )
    assert.strictEqual(status, 2)
    assert.strictEqual(stdout, '')
    for (const flag of ['--listen', '--workers', '--colour']) assert.match(stderr, new RegExp(flag))
  })
})
