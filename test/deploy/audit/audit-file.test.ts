// The audit log as a file: rotation by size and age, files put aside, and what somebody else does to it.
import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { AuditFile, type AuditFileOptions } from '../../../deploy/audit/audit-file.ts'
import { describe } from '../../support/describe.ts'
import { SmallDisk } from '../../support/small-disk.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { keptLog, linesOf, numbered, textsOf } from './audit-fixture.ts'

type Given = Partial<AuditFileOptions> & { readonly path: string }

function optionsOf(given: Given): AuditFileOptions {
  const { log } = keptLog()
  return { maxBytes: 1_000_000, maxAgeMs: 3_600_000, keep: 100, log, now: Date.now, ...given }
}

function write(sink: AuditFile, ...numbers: readonly number[]): Promise<void> {
  const text = numbers.map((number) => numbered(number)).join('')
  return sink.write({ text, count: numbers.length })
}

function numbersIn(path: string): readonly unknown[] {
  return linesOf(path).map(({ number }) => number)
}

describe('the file of the audit log', (test) => {
  const directory = makeTemporaryDirectory()
  let count = 0
  test.after(() => directory.remove())

  function place(): string {
    count += 1
    mkdirSync(join(directory.path, String(count)))
    return join(directory.path, String(count), 'audit.log')
  }

  test('is of its owner alone, and so are those that were put aside', async () => {
    const path = place()
    const sink = await AuditFile.open(optionsOf({ path, maxBytes: 50 }))
    await write(sink, 1)
    await write(sink, 2)
    await sink.close()
    for (const { name } of textsOf(path)) {
      assert.equal(statSync(join(path, '..', name)).mode & 0o777, 0o600)
    }
    assert.equal(textsOf(path).length, 2)
  })

  test('goes on where it was left', async () => {
    const path = place()
    for (const number of [1, 2, 3]) {
      const sink = await AuditFile.open(optionsOf({ path }))
      await write(sink, number)
      await sink.close()
    }
    assert.deepEqual(numbersIn(path), [1, 2, 3])
    assert.equal(textsOf(path).length, 1)
  })

  test('is put aside before it grows beyond its size, and so many are kept', async () => {
    const path = place()
    const maxBytes = numbered(10).length * 3
    const sink = await AuditFile.open(optionsOf({ path, maxBytes, keep: 2 }))
    for (let number = 10; number < 30; number += 1) await write(sink, number)
    await sink.close()
    assert.equal(textsOf(path).length, 3)
    for (const { text } of textsOf(path)) assert.ok(text.length <= maxBytes)
    assert.deepEqual(numbersIn(path), [22, 23, 24, 25, 26, 27, 28, 29])
  })

  test('is put aside when it is old, also by a process that has begun later', async () => {
    const path = place()
    let nowMs = Date.now()
    const options = optionsOf({ path, maxAgeMs: 60_000, now: () => nowMs })
    const sink = await AuditFile.open(options)
    await write(sink, 1)
    nowMs += 59_000
    await write(sink, 2)
    await sink.close()
    nowMs += 10_000
    const later = await AuditFile.open(options)
    await write(later, 3)
    await later.close()
    assert.deepEqual(
      textsOf(path).map(({ text }) => text.trim().split('\n').length),
      [2, 1],
    )
  })

  test('rotated several times in a moment has names that sort as they followed', async () => {
    const path = place()
    const sink = await AuditFile.open(optionsOf({ path, maxBytes: 1, now: () => 1_000 }))
    for (let number = 0; number < 5; number += 1) await write(sink, number)
    await sink.close()
    assert.equal(textsOf(path).length, 5)
    assert.deepEqual(numbersIn(path), [0, 1, 2, 3, 4])
  })

  test('deletes nothing whose name only begins like its own', async () => {
    const path = place()
    writeFileSync(`${path}.mine`, 'mine')
    writeFileSync(`${path}.20260101T000000000Z.gz`, 'packed')
    const sink = await AuditFile.open(optionsOf({ path, maxBytes: 1, keep: 1 }))
    for (let number = 0; number < 5; number += 1) await write(sink, number)
    await sink.close()
    const names = readdirSync(join(path, '..'))
    assert.equal(names.length, 4)
    assert.equal(readFileSync(`${path}.mine`, 'utf8'), 'mine')
  })

  test('renamed by somebody goes on under its name when it is reopened, and no line is lost', async () => {
    const path = place()
    const sink = await AuditFile.open(optionsOf({ path }))
    await write(sink, 1)
    renameSync(path, `${path}.1`)
    sink.reopen()
    await write(sink, 2)
    await sink.close()
    assert.deepEqual(numbersIn(path), [1, 2])
    assert.equal(textsOf(path).length, 2)
  })

  test('deleted by somebody is made again, without being told', async () => {
    const path = place()
    let nowMs = Date.now()
    const sink = await AuditFile.open(optionsOf({ path, now: () => nowMs }))
    await write(sink, 1)
    rmSync(path)
    nowMs += 2_000
    await write(sink, 2)
    await sink.close()
    assert.deepEqual(numbersIn(path), [2])
  })

  test('whose directory has gone refuses, and takes the same lines when it is back', async () => {
    const path = place()
    let nowMs = Date.now()
    const sink = await AuditFile.open(optionsOf({ path, now: () => nowMs }))
    rmSync(join(path, '..'), { recursive: true })
    nowMs += 2_000
    await assert.rejects(write(sink, 1), /ENOENT/)
    mkdirSync(join(path, '..'))
    await write(sink, 1)
    await sink.close()
    assert.deepEqual(numbersIn(path), [1])
  })

  test('goes on with its file when that cannot be put aside', async () => {
    const { log, told } = keptLog()
    // What it would be called then is longer than a name can be.
    const path = join(place(), '..', 'a'.repeat(250))
    const sink = await AuditFile.open(optionsOf({ path, maxBytes: 1, log }))
    await write(sink, 1)
    await write(sink, 2)
    await write(sink, 3)
    await sink.close()
    assert.deepEqual(numbersIn(path), [1, 2, 3])
    assert.deepEqual(told, ['error audit log cannot be put aside'])
  })

  test('emptied by somebody, as logrotate does with copytruncate, goes on at its beginning', async () => {
    const path = place()
    let nowMs = Date.now()
    const maxBytes = numbered(1).length * 2
    const sink = await AuditFile.open(optionsOf({ path, maxBytes, now: () => nowMs }))
    await write(sink, 1, 2)
    truncateSync(path)
    nowMs += 2_000
    await write(sink, 3)
    await sink.close()
    assert.deepEqual(numbersIn(path), [3])
    assert.equal(textsOf(path).length, 1)
  })

  test('that a killed process has left in the middle of a line goes on with a new one', async () => {
    const path = place()
    appendFileSync(path, `${numbered(1)}{"number":`)
    const sink = await AuditFile.open(optionsOf({ path }))
    await write(sink, 2)
    await sink.close()
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    assert.deepEqual(lines, [numbered(1).trimEnd(), '{"number":', numbered(2).trimEnd()])
  })

  test('on a full disk tears no line, and takes all of them when there is room again', async () => {
    const disk = SmallDisk.make(8 * 1024 * 1024)
    if (disk === undefined) return
    try {
      const path = join(disk.path, 'audit.log')
      const sink = await AuditFile.open(optionsOf({ path }))
      await write(sink, 0)
      disk.fill()
      let refused = 0
      let number = 1
      // A block that the file has already is filled first.
      for (; refused === 0; number += 1) {
        const text = numbered(number, 700)
        await sink.write({ text, count: 1 }).catch((cause: unknown) => {
          assert.match(String(cause), /ENOSPC/)
          refused = number
        })
      }
      assert.deepEqual(
        numbersIn(path),
        Array.from({ length: refused }, (_, at) => at),
      )
      disk.relieve()
      await sink.write({ text: numbered(refused, 700), count: 1 })
      await sink.close()
      assert.equal(numbersIn(path).at(-1), refused)
    } finally {
      disk.discard()
    }
  })
})
