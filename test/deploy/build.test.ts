// How a checkout comes to its `dist/`, and what a package holds of it.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe } from '../support/describe.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A checkout with one source. */
function makeCheckout(path: string): void {
  for (const folder of ['protocol', 'metadata', 'datanode', 'gateway', 'deploy', 'test']) {
    mkdirSync(join(path, folder), { recursive: true })
  }
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json']) {
    cpSync(join(root, file), join(path, file))
  }
  for (const name of ['build', 'compile-sources', 'needed-node']) {
    cpSync(join(root, 'deploy', `${name}.mjs`), join(path, 'deploy', `${name}.mjs`))
  }
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  writeFileSync(join(path, 'deploy', 'holdfast.ts'), "console.log('one')\n")
}

function build(path: string, ...argv: readonly string[]) {
  const program = join(path, 'deploy', 'build.mjs')
  return spawnSync(process.execPath, [program, ...argv], { encoding: 'utf8' })
}

describe('a checkout', (test) => {
  const directory = makeTemporaryDirectory()
  const path = directory.path
  const source = join(path, 'deploy', 'holdfast.ts')
  const compiled = join(path, 'dist', 'deploy', 'holdfast.js')
  test.before(() => makeCheckout(path))
  test.after(() => directory.remove())

  test('is compiled with a line that says so, and not again while nothing changes', () => {
    const first = build(path, '--if-changed')
    assert.strictEqual(first.status, 0, first.stdout)
    assert.match(first.stdout, /^Compiling Holdfast\. .*\n$/)
    assert.match(readFileSync(compiled, 'utf8'), /one/)
    assert.deepStrictEqual(build(path, '--if-changed').stdout, '')
  })

  test('is compiled again after any change, also one that looks older than what there is', () => {
    writeFileSync(source, "console.log('two')\n")
    utimesSync(source, 1_000_000, 1_000_000)
    assert.match(build(path, '--if-changed').stdout, /^Compiling/)
    assert.match(readFileSync(compiled, 'utf8'), /two/)
    writeFileSync(join(path, 'gateway', 'more.ts'), 'export const more = 1\n')
    assert.match(build(path, '--if-changed').stdout, /^Compiling/)
    assert.ok(existsSync(join(path, 'dist', 'gateway', 'more.js')))
    rmSync(join(path, 'gateway', 'more.ts'))
    assert.match(build(path, '--if-changed').stdout, /^Compiling/)
    // What it had become is gone too.
    assert.ok(!existsSync(join(path, 'dist', 'gateway', 'more.js')))
    assert.deepStrictEqual(build(path, '--if-changed').stdout, '')
    rmSync(compiled)
    assert.strictEqual(build(path).status, 0)
    assert.ok(existsSync(compiled))
  })

  test('whose compiling failed is compiled another time', () => {
    writeFileSync(source, "export const three: number = 'three'\n")
    for (let time = 0; time < 2; time += 1) {
      const { status, stdout } = build(path, '--if-changed')
      assert.notStrictEqual(status, 0)
      assert.match(stdout, /TS2322/)
    }
  })

  test('without a compiler runs what there is, and is told when there is nothing', () => {
    rmSync(join(path, 'node_modules'))
    assert.strictEqual(build(path, '--if-changed').status, 0)
    rmSync(join(path, 'dist'), { recursive: true })
    assert.strictEqual(build(path, '--if-possible').status, 0)
    const { status, stderr } = build(path, '--if-changed')
    assert.strictEqual(status, 1)
    assert.match(stderr, /run npm ci first/)
    assert.ok(!existsSync(compiled))
  })
})

describe('a package', (test) => {
  test('holds what runs and its documents, and no test', () => {
    const { stdout, stderr } = spawnSync(
      'npm',
      ['pack', '--dry-run', '--json', '--ignore-scripts'],
      {
        cwd: root,
        encoding: 'utf8',
      },
    )
    const parsed: unknown = JSON.parse(stdout)
    const [packed] = Array.isArray(parsed) ? parsed : Object.values(parsed ?? {})
    const files: readonly string[] = packed?.files?.map(({ path }: { path: string }) => path) ?? []
    for (const needed of [
      'dist/deploy/holdfast.js',
      'dist/deploy/needed-node.mjs',
      'dist/deploy/s3-worker.js',
      'dist/gateway/data/digests/hash-worker.js',
      'docs/configuration.md',
      'README.md',
    ]) {
      assert.ok(files.includes(needed), `${needed} is missing: ${stderr}`)
    }
    const unwanted = files.filter((path) =>
      /^dist\/test|\.map$|\.ts$|compile-sources|build\.mjs/.test(path),
    )
    assert.deepStrictEqual(unwanted, [])
  })
})
