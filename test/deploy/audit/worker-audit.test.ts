// The audit log of a worker, as its primary sees it: what the worker had to drop is told once.
import assert from 'node:assert/strict'
import { AuditLog } from '../../../deploy/audit/audit-log.ts'
import type { Lines } from '../../../deploy/audit/line-queue.ts'
import { WorkerAudit } from '../../../deploy/audit/worker-audit.ts'
import { describe } from '../../support/describe.ts'
import { keptLog, type Line, numbered, until } from './audit-fixture.ts'

/** A primary that hangs until it is told to go on, and all that it has written. */
function open() {
  const written: Line[] = []
  const sink = {
    write: async ({ text }: Lines) => {
      for (const line of text.split('\n').slice(0, -1)) written.push(JSON.parse(line) as Line)
    },
    reopen: () => {},
    close: async () => {},
  }
  const { log, told } = keptLog()
  let nowMs = 5_000
  const now = () => nowMs
  const primary = new AuditLog({ sink, memoryBytes: 64 * 1024 * 1024, log, now })
  let hangs = true
  let heard: (() => void)[] = []
  const hear = (work: () => void) => {
    heard.push(work)
    if (!hangs) setImmediate(goOn)
  }
  const goOn = () => {
    hangs = false
    const now = heard
    heard = []
    for (const work of now) work()
  }
  const worker = new WorkerAudit({
    send: (batch) =>
      hear(() => {
        primary.add(batch)
        worker.taken()
      }),
    sendGap: (gap) => hear(() => primary.addGap(gap)),
    log,
    now,
  })
  const hang = () => {
    hangs = true
  }
  const passMs = (ms: number) => {
    nowMs += ms
  }
  return { written, told, primary, worker, hang, goOn, passMs }
}

describe('the audit log of a worker', (test) => {
  test('has one line for each gap, of all that is missing and since when', async () => {
    const { written, told, primary, worker, hang, goOn, passMs } = open()
    const rounds = 2
    const each = 6_000
    for (let round = 0; round < rounds; round += 1) {
      hang()
      for (let number = 0; number < each; number += 1) {
        worker.log.add({ text: numbered(number, 1_000), count: 1 })
      }
      passMs(1_000)
      const dropped = worker.log.droppedLines
      goOn()
      const isWhole = () => {
        const kept = written.filter(({ type }) => type === undefined).length
        return kept === each * (round + 1) - dropped && primary.droppedLines === dropped
      }
      await until(isWhole)
    }
    await worker.log.close(5_000)
    await primary.close(5_000)
    const gaps = written.filter(({ type }) => type === 'dropped')
    const missing = each * rounds - written.filter(({ type }) => type === undefined).length
    assert.ok(missing > 1_000, `${missing} are missing`)
    assert.deepEqual(
      gaps.map(({ since }) => since),
      ['1970-01-01T00:00:05.000Z', '1970-01-01T00:00:06.000Z'],
    )
    assert.equal(
      gaps.reduce((sum, { lines }) => sum + Number(lines), 0),
      missing,
    )
    assert.deepEqual([primary.droppedLines, worker.log.droppedLines], [missing, missing])
    const once = ['warn audit log is full: lines are dropped', 'warn audit log has room again']
    assert.deepEqual(told, [...once, ...once])
  })
})
