// The directories that a first start makes: seen from outside, by the system calls.
import assert from 'node:assert'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe } from '../../support/describe.ts'
import { traceSystemCalls } from '../../support/strace.ts'

const program = fileURLToPath(new URL('../directory-maker.js', import.meta.url))

describe('a directory that is made', (test) => {
  test('is of mode 0700, and every directory that names a new one is synced', async () => {
    const root = await mkdtemp(join(tmpdir(), 'holdfast-made-'))
    const lines = traceSystemCalls({
      program: [program, join(root, 'one', 'two', 'three')],
      calls: ['fsync'],
      logPath: join(root, 'trace'),
    })
    for (const names of lines === undefined ? [] : [[], ['one'], ['one', 'two']]) {
      const path = join(root, ...names)
      assert.ok(
        lines?.some((line) => line.includes(`<${path}>`)),
        `${path} was not synced`,
      )
    }
    if (lines !== undefined) {
      assert.equal((await stat(join(root, 'one', 'two', 'three'))).mode & 0o777, 0o700)
    }
    await rm(root, { recursive: true })
  })
})
