// The command itself: what it says to those who ask, and to those who mistype.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { commands } from '../../deploy/commands/command-table.ts'
import { neededNode, tooOldNode } from '../../deploy/needed-node.mjs'
import { describe } from '../support/describe.ts'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))

function run(argv: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
    encoding: 'utf8',
    env,
  })
  return { status, stdout, stderr }
}

describe('the command holdfast', (test) => {
  test('without a command, or asked for help in whatever way, lists its commands', () => {
    for (const argv of [[], ['help'], ['help', 'help'], ['--help'], ['-h'], ['-?']]) {
      const { status, stdout } = run(argv)
      assert.strictEqual(status, 0)
      for (const name of commands.keys())
        assert.match(stdout, new RegExp(`^ *holdfast ${name} `, 'm'))
    }
  })

  test('tells its version in every way that people ask for it', () => {
    for (const word of ['--version', 'version', '-v', '-V']) {
      assert.match(run([word]).stdout, /^\d+\.\d+\.\d+\n$/, word)
    }
    for (const name of commands.keys()) {
      assert.match(run([name, '--version']).stdout, /^\d+\.\d+\.\d+\n$/, name)
    }
  })

  test('has help of its own for every command, however it is asked for', () => {
    for (const name of commands.keys()) {
      const { stdout, status } = run([name, '--help'])
      assert.strictEqual(status, 0)
      assert.match(stdout, new RegExp(`^holdfast ${name} `))
      const ways = [
        [name, '-h'],
        [name, 'help'],
        [name, '--nonsense', '--help'],
        ['help', name],
      ]
      for (const argv of ways) assert.strictEqual(run(argv).stdout, stdout, argv.join(' '))
    }
  })

  test('server --help lists the settings with their defaults, and check --help its own', () => {
    assert.match(
      run(['server', '--help']).stdout,
      /--listen HOST:PORT\n.*Default: 127\.0\.0\.1:9000/,
    )
    const { stdout } = run(['check', '--help'])
    assert.match(stdout, /--data DIR\n/)
    assert.doesNotMatch(stdout, /--listen/)
  })

  test('an unknown command is named, with the one that was meant', () => {
    const meant = {
      serve: 'server',
      sevrer: 'server',
      Check: 'check',
      fsck: 'check',
      zpi: 'zip',
      hepl: 'help',
    }
    for (const [typed, name] of Object.entries(meant)) {
      const { status, stderr } = run([typed])
      assert.strictEqual(status, 2)
      const said = `^holdfast: there is no command "${typed}". Did you mean "holdfast ${name}"\\?`
      assert.match(stderr, new RegExp(said))
      assert.strictEqual(run(['help', typed]).status, 2)
    }
    assert.match(run(['entirely']).stderr, /there is no command "entirely"\.\n/)
    assert.match(run(['constructor']).stderr, /there is no command "constructor"\.\n/)
  })

  test('settings without a command are told where they belong', () => {
    const { status, stderr } = run(['--listen', ':9000'])
    assert.strictEqual(status, 2)
    assert.match(stderr, /a command is missing before --listen, such as: holdfast server --listen/)
  })

  test('every mistake in the settings is told at once, and nothing starts', () => {
    const { status, stdout, stderr } = run([
      'server',
      ...['--listen', 'x', '--workers', 'many', '--colour'],
    ])
    assert.strictEqual(status, 2)
    assert.strictEqual(stdout, '')
    for (const flag of ['--listen', '--workers', '--colour']) assert.match(stderr, new RegExp(flag))
  })

  test('what people type to MinIO is answered with the setting that does it here', () => {
    const argv = ['server', '/data', '--address', ':9000', '--console-address', ':9001']
    const { status, stderr } = run(argv)
    assert.strictEqual(status, 2)
    assert.match(stderr, /\/data: .*--data \/data\n/)
    assert.match(stderr, /--address: .*--listen HOST:PORT\n/)
    assert.match(stderr, /--console-address: .*--admin-listen HOST:PORT\n/)
  })
})

describe('an old Node', (test) => {
  test('is told in one sentence which one is needed', () => {
    for (const version of ['12.22.12', '16.20.2', '18.20.8', '20.18.3']) {
      const sentence = tooOldNode(version) ?? ''
      assert.ok(sentence.includes(`Node ${neededNode} or newer`), version)
      assert.ok(sentence.includes(`Node ${version}`), version)
    }
    for (const version of ['20.19.0', '20.20.2', '22.0.0', '24.11.0', '100.0.0']) {
      assert.strictEqual(tooOldNode(version), undefined, version)
    }
  })

  test('can read the program as far as that sentence: it imports nothing else before', () => {
    const text = readFileSync(program, 'utf8')
    const found = [...text.matchAll(/^import .*? from '(.*)'/gm)].map(([, name]) => name)
    assert.deepStrictEqual(found, ['./needed-node.mjs'])
    const needed = readFileSync(new URL('../../deploy/needed-node.mjs', import.meta.url), 'utf8')
    assert.doesNotMatch(needed, /^import|\?\.|\?\?|^await/m)
  })

  test('is one that package.json does not take either', () => {
    const path = fileURLToPath(new URL('../../../package.json', import.meta.url))
    const { engines } = JSON.parse(readFileSync(path, 'utf8'))
    assert.strictEqual(engines.node, `>=${neededNode}`)
  })
})
