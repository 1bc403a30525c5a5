// Where the log goes may be full, or gone: `/dev/full` takes no byte.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe } from '../support/describe.ts'

const program = fileURLToPath(new URL('./logging-program.js', import.meta.url))

describe('a log that takes no more', (test) => {
  test('ends no process', () => {
    const full = openSync('/dev/full', 'w')
    try {
      const { status } = spawnSync(process.execPath, [program], { stdio: ['ignore', full, full] })
      assert.equal(status, 7, 'it did not come to its own end')
    } finally {
      closeSync(full)
    }
  })
})
