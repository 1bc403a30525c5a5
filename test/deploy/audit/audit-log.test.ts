// The queue before a sink: nobody waits, nothing grows without bounds, and what is dropped is counted, once.
import assert from 'node:assert/strict'
import { AuditLog, type AuditSink } from '../../../deploy/audit/audit-log.ts'
import type { Lines } from '../../../deploy/audit/line-queue.ts'
import { describe } from '../../support/describe.ts'
import { keptLog, type Line, numbered, until } from './audit-fixture.ts'

/** A sink that takes, stands still or refuses, as it is told. */
class FakeSink implements AuditSink {
  mode: 'takes' | 'stands' | 'refuses' = 'takes'
  taken = ''
  calls = 0
  reopened = 0
  isClosed = false
  #go = () => {}

  async write({ text }: Lines): Promise<void> {
    this.calls += 1
    if (this.mode === 'stands') {
      await new Promise<void>((resolve) => {
        this.#go = resolve
      })
    }
    if (this.mode === 'refuses') throw new Error('not now')
    this.taken += text
  }

  goOn(): void {
    this.mode = 'takes'
    this.#go()
  }

  reopen(): void {
    this.reopened += 1
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  get lines(): readonly Line[] {
    return this.taken
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  }
}

const room = 256 * 1024

function open() {
  const sink = new FakeSink()
  const { log, told } = keptLog()
  const audit = new AuditLog({ sink, memoryBytes: room, log, now: () => 5_000 })
  const add = (number: number) => audit.add({ text: numbered(number, 1000), count: 1 })
  return { sink, told, audit, add }
}

describe('the audit log', (test) => {
  test('hands on all lines in order, those of a moment together', async () => {
    const { sink, audit, add } = open()
    for (let number = 0; number < 50; number += 1) add(number)
    await audit.close(5_000)
    assert.deepEqual(
      sink.lines.map(({ number }) => number),
      Array.from({ length: 50 }, (_, number) => number),
    )
    assert.equal(sink.calls, 1)
    assert.ok(sink.isClosed)
  })

  test('drops what finds no room, counts it, and tells it once, by a line at the gap', async () => {
    const { sink, told, audit, add } = open()
    sink.mode = 'stands'
    for (let number = 0; number < 1_000; number += 1) add(number)
    const dropped = audit.droppedLines
    assert.ok(dropped > 700 && dropped < 800, `${dropped} were dropped`)
    await until(() => sink.calls === 1)
    sink.goOn()
    await until(() => sink.lines.length === 1_000 - dropped + 1)
    add(1_000)
    await audit.close(5_000)
    const kinds = sink.lines.map(({ type, number }) => type ?? number)
    const kept = Array.from({ length: 1_000 - dropped }, (_, number) => number)
    assert.deepEqual(kinds, [...kept, 'dropped', 1_000])
    const gap = sink.lines.find(({ type }) => type === 'dropped')
    assert.deepEqual([gap?.lines, gap?.since], [dropped, '1970-01-01T00:00:05.000Z'])
    assert.deepEqual(told, [
      'warn audit log is full: lines are dropped',
      'warn audit log has room again',
    ])
  })

  test('counts what others have dropped on the way, and drops nothing itself for that', async () => {
    const { sink, told, audit, add } = open()
    audit.addGap({ lines: 3, sinceMs: 4_000 })
    add(1)
    await audit.close(5_000)
    assert.deepEqual(
      sink.lines.map(({ lines, number }) => lines ?? number),
      [3, 1],
    )
    assert.equal(sink.lines[0]?.since, '1970-01-01T00:00:04.000Z')
    assert.equal(audit.droppedLines, 3)
    assert.deepEqual(told, [], 'they have said so themselves')
  })

  test('has one line for what it has dropped and what others have, where neither had room', async () => {
    const { sink, audit, add } = open()
    sink.mode = 'stands'
    for (let number = 0; number < 1_000; number += 1) add(number)
    const own = audit.droppedLines
    audit.addGap({ lines: 3, sinceMs: 4_000 })
    await until(() => sink.calls === 1)
    sink.goOn()
    await audit.close(5_000)
    const gaps = sink.lines.filter(({ type }) => type === 'dropped')
    assert.deepEqual(
      gaps.map(({ lines, since }) => [lines, since]),
      [[own + 3, '1970-01-01T00:00:04.000Z']],
    )
    assert.equal(audit.droppedLines, own + 3)
  })

  test('tries a sink that refuses again, and says so once', async () => {
    const { sink, told, audit, add } = open()
    sink.mode = 'refuses'
    add(0)
    await until(() => sink.calls === 3)
    assert.equal(audit.failure, 'not now')
    assert.deepEqual(told, ['error audit log cannot be written'])
    sink.mode = 'takes'
    await until(() => audit.failure === undefined)
    assert.deepEqual(told.slice(1), ['info audit log is written again'])
    await audit.close(5_000)
    assert.equal(sink.lines.length, 1)
  })

  test('tries at once when it is told that something has changed', async () => {
    const { sink, audit, add } = open()
    sink.mode = 'refuses'
    add(0)
    // By then it would wait for seconds.
    await until(() => sink.calls === 6)
    sink.mode = 'takes'
    audit.reopen()
    await until(() => sink.lines.length === 1)
    assert.equal(sink.reopened, 1)
    await audit.close(5_000)
  })

  test('is closed in time with a sink that takes nothing, and says what is lost', async () => {
    for (const mode of ['stands', 'refuses'] as const) {
      const { sink, told, audit, add } = open()
      sink.mode = mode
      for (let number = 0; number < 1_000; number += 1) add(number)
      await audit.close(200)
      assert.ok(told.includes('error audit log was closed with lines unwritten'), mode)
      assert.ok(sink.isClosed)
    }
  })

  test('throws nothing at those who add lines after the end', async () => {
    const { sink, audit, add } = open()
    await audit.close(100)
    add(1)
    assert.equal(sink.calls, 0)
  })
})
