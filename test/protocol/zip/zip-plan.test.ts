import assert from 'node:assert'
import { ZipPlan } from '../../../protocol/zip/zip-plan.ts'
import { describe } from '../../support/describe.ts'
import { buildArchive } from './build-archive.ts'

const modifiedMs = Date.UTC(2026, 10, 21)
const entry = { name: 'a', size: 10, crc32: 0, modifiedMs }

describe('the plan of an archive', (test) => {
  test('knows its length before a byte of it is there', () => {
    const members = Array.from({ length: 500 }, (_, at) => ({
      name: `folder/${'x'.repeat(at % 40)}${at}`,
      body: Buffer.alloc((at * 37) % 1000, at),
      modifiedMs,
    }))
    const built = buildArchive(members)
    assert.equal(built.totalBytes, built.archive.length)
    assert.equal(built.entries, 500)
    assert.equal(built.archive.readUInt32LE(built.offset), 0x02014b50)
  })

  test('of nothing is an archive of 22 bytes', () => {
    assert.deepEqual(new ZipPlan().finish(), { entries: 0, offset: 0, bytes: 0, totalBytes: 22 })
  })

  test('gives each entry its place, and goes on from where another plan was', () => {
    const plan = new ZipPlan()
    assert.equal(plan.add(entry), 0)
    assert.equal(plan.add(entry), 30 + 1 + 9 + 10)
    const resumed = new ZipPlan(plan.state)
    assert.equal(resumed.add(entry), 100)
    plan.add(entry)
    assert.deepEqual(resumed.finish(), plan.finish())
  })

  test('reaches beyond 4 GiB, where headers grow', () => {
    const plan = new ZipPlan()
    const large = { ...entry, size: 0xffffffff }
    plan.add(large)
    const offset = plan.add(entry)
    assert.equal(offset, 30 + 1 + 20 + 9 + 0xffffffff)
    const { bytes, totalBytes } = plan.finish()
    assert.equal(bytes, 46 + 1 + 20 + 9 + (46 + 1 + 12 + 9))
    assert.equal(totalBytes, offset + 50 + bytes + 98)
  })

  test('needs zip64 records from 65,535 entries on', () => {
    const plan = new ZipPlan()
    for (let count = 0; count < 65_534; count += 1) plan.add(entry)
    const endBytes = () => {
      const { offset, bytes, totalBytes } = plan.finish()
      return totalBytes - offset - bytes
    }
    assert.equal(endBytes(), 22)
    plan.add(entry)
    assert.equal(endBytes(), 98)
    plan.add(entry)
    assert.equal(endBytes(), 98)
  })
})
