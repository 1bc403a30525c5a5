import assert from 'node:assert'
import { execFileSync } from 'node:child_process'
import { collectorFlags } from '../../../deploy/process/collector-flags.ts'
import { describe } from '../../support/describe.ts'

describe("the collector's flags", (test) => {
  test('this Node knows each of them', () => {
    const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'latin1' })
    for (const flag of collectorFlags) {
      const name = flag.replace(/^--(no-)?/, '').replace(/=.*/, '')
      assert.ok(known.includes(`--${name} `), name)
    }
  })

  test('the young generation of a process that has set them stays small', () => {
    const plain = youngMebibytes('')
    const tuned = youngMebibytes(
      `(await import(${JSON.stringify(flagsModule.href)})).tuneCollector()`,
    )
    assert.ok(plain > 8, `${plain} MiB without`)
    // It may have grown by a step before the flags were set.
    assert.ok(tuned <= plain / 2, `${tuned} MiB with, ${plain} without`)
  })
})

describe('a process that is told to collect often', (test) => {
  test('begins at once, and leaves no way to collect behind', () => {
    const script = `
      const { collectOften, tuneCollector } = await import(${JSON.stringify(flagsModule.href)})
      tuneCollector()
      // Old by then, and dead: no look at the young generation alone finds them.
      let kept = Array.from({ length: 200 }, () => new ArrayBuffer(64 * 1024))
      for (let i = 0; i < 3e6; i += 1) kept.last = { i }
      const before = process.memoryUsage().arrayBuffers
      kept = undefined
      collectOften(true)
      const freed = before - process.memoryUsage().arrayBuffers
      const { runInNewContext } = await import('node:vm')
      console.log(freed, runInNewContext('typeof gc'))`
    const argv = ['--input-type=module', '-e', script]
    const printed = execFileSync(process.execPath, argv, { encoding: 'latin1' })
    const [freed, type] = printed.trim().split(' ')
    assert.ok(Number(freed) >= 200 * 64 * 1024, printed)
    assert.equal(type, 'undefined')
  })
})

const flagsModule = new URL('../../../deploy/process/collector-flags.js', import.meta.url)

/** Of a process that has made many objects, some of which live for a while. */
function youngMebibytes(begin: string): number {
  const script = `
    ${begin}
    let kept = []
    for (let i = 0; i < 3e6; i += 1) {
      kept.push({ i, list: [i] })
      if (kept.length > 20_000) kept = []
    }
    const { getHeapSpaceStatistics } = await import('node:v8')
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    console.log(young.space_size / 1024 / 1024)`
  const options = { encoding: 'latin1' } as const
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], options))
}
