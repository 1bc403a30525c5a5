// Who reads ahead: clients that have proved fast, as far as the budget goes, while there are not many.
import assert from 'node:assert'
import { OpenReaders, ReadAheadBudget, ReadingLane } from '../../../gateway/zip/reading-lane.ts'
import {
  fastLaneBytes,
  fastStepBytes,
  fastStepsAhead,
  firstJudgedBytes,
  judgedBytes,
  slowAfterMs,
  slowStepBytes,
} from '../../../gateway/zip/zip-limits.ts'
import { describe } from '../../support/describe.ts'

class Lanes {
  readonly budget = new ReadAheadBudget({ bytes: 2 * fastLaneBytes })
  readonly readers = new OpenReaders({ many: 4, onMany: () => {} })
  nowMs = 0

  open(): ReadingLane {
    const { budget, readers } = this
    return new ReadingLane({ budget, readers, clock: () => this.nowMs })
  }

  /** A step of which the client takes the bytes in `ms`. */
  step(lane: ReadingLane, ms: number, bytes = lane.nextStepBytes()): void {
    lane.give([Buffer.alloc(bytes)])
    this.nowMs += ms
    lane.taken()
  }

  /** One that has become fast. */
  openFast(): ReadingLane {
    const lane = this.open()
    this.step(lane, 0, firstJudgedBytes)
    assert.equal(lane.nextStepBytes(), fastStepBytes)
    return lane
  }
}

describe('reading ahead of a client', (test) => {
  test('begins when it has taken the first MiB', () => {
    const lanes = new Lanes()
    const lane = lanes.open()
    for (let taken = 0; taken < firstJudgedBytes; taken += slowStepBytes) {
      assert.equal(lane.nextStepBytes(), slowStepBytes)
      assert.equal(lane.stepsAhead, 0)
      lanes.step(lane, 5)
    }
    assert.equal(lane.nextStepBytes(), fastStepBytes)
    assert.equal(lane.stepsAhead, fastStepsAhead)
    assert.equal(lanes.budget.freeBytes, fastLaneBytes)
  })

  test('ends when it has kept us waiting, and the place is free when all is sent', () => {
    const lanes = new Lanes()
    const lane = lanes.openFast()
    lanes.step(lane, slowAfterMs)
    assert.equal(lane.stepsAhead, 0)
    // What was read ahead is still held.
    assert.equal(lanes.budget.freeBytes, fastLaneBytes)
    assert.equal(lane.nextStepBytes(), slowStepBytes)
    assert.equal(lanes.budget.freeBytes, 2 * fastLaneBytes)
  })

  test('ends for short waits too, when they come to as much', () => {
    const lanes = new Lanes()
    const lane = lanes.openFast()
    for (let count = 0; count < 4; count += 1) lanes.step(lane, slowAfterMs / 4, slowStepBytes)
    assert.equal(lane.nextStepBytes(), slowStepBytes)
  })

  test('begins again only after as much as sockets do not swallow', () => {
    const lanes = new Lanes()
    const lane = lanes.openFast()
    lanes.step(lane, slowAfterMs)
    const burst = judgedBytes / 2 / slowStepBytes
    for (let count = 0; count < burst; count += 1) lanes.step(lane, 0)
    lanes.step(lane, slowAfterMs)
    for (let count = 0; count < burst; count += 1) lanes.step(lane, 0)
    assert.equal(lane.nextStepBytes(), slowStepBytes)
    for (let count = 0; count < burst; count += 1) lanes.step(lane, 0)
    assert.equal(lane.nextStepBytes(), fastStepBytes)
  })

  test('is for as many as there is memory for', () => {
    const lanes = new Lanes()
    const [first] = [lanes.openFast(), lanes.openFast()]
    const third = lanes.open()
    lanes.step(third, 0, firstJudgedBytes)
    assert.equal(third.nextStepBytes(), slowStepBytes)
    first.end()
    assert.equal(third.nextStepBytes(), fastStepBytes)
  })

  test('ends for all while there are many', () => {
    const lanes = new Lanes()
    const lane = lanes.openFast()
    for (let count = 0; count < 4; count += 1) lanes.readers.enter()
    assert.equal(lane.isFast, false)
    assert.equal(lane.stepsAhead, 0)
    assert.equal(lane.nextStepBytes(), slowStepBytes)
    assert.equal(lanes.budget.freeBytes, 2 * fastLaneBytes)
    lanes.readers.leave()
    assert.equal(lane.nextStepBytes(), fastStepBytes)
  })

  test('gives its memory back once, however often it is ended', () => {
    const lanes = new Lanes()
    const lane = lanes.openFast()
    lane.end()
    lane.end()
    assert.equal(lanes.budget.freeBytes, 2 * fastLaneBytes)
  })
})
