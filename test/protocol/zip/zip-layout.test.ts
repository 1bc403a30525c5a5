import assert from 'node:assert'
import type { ZipEntry } from '../../../protocol/zip/zip-entry.ts'
import {
  centralHeader,
  centralHeaderBytes,
  endBytes,
  endOfCentralDirectory,
  localHeader,
  localHeaderBytes,
} from '../../../protocol/zip/zip-layout.ts'
import { describe } from '../../support/describe.ts'

const modifiedMs = Date.UTC(2026, 10, 21, 8, 5, 43)
const small: ZipEntry = { name: 'a/ä.txt', size: 5, crc32: 0x01020304, modifiedMs }
const limit = 0xffffffff

const zip64Of = (header: Buffer, nameAt: number) => {
  const nameLength = header.readUInt16LE(nameAt - (nameAt === 30 ? 4 : 18))
  const extra = header.subarray(nameAt + nameLength)
  if (extra.readUInt16LE(0) !== 1) return undefined
  const values: bigint[] = []
  for (let at = 4; at < 4 + extra.readUInt16LE(2); at += 8) values.push(extra.readBigUInt64LE(at))
  return values.map(Number)
}

describe('a local header', (test) => {
  test('has these bytes', () => {
    const expected = [
      '504b0304', // signature
      '0a00', // needs version 1.0
      '0008', // names are UTF-8
      '0000', // stored
      'b540', // 08:05:42
      '755d', // 2026-11-21
      '04030201', // CRC-32
      '0500000005000000', // both sizes
      '0800', // name
      '0900', // extra
      Buffer.from('a/ä.txt').toString('hex'),
      '5554050001', // extended timestamp, modified
      '57f10100', // placeholder, see below
    ]
    const header = localHeader(small)
    const seconds = Buffer.alloc(4)
    seconds.writeInt32LE(modifiedMs / 1000)
    expected[expected.length - 1] = seconds.toString('hex')
    assert.equal(header.toString('hex'), expected.join(''))
  })

  test('of a folder needs version 2.0', () => {
    const header = localHeader({ name: 'a/', size: 0, crc32: 0, modifiedMs })
    assert.equal(header.readUInt16LE(4), 20)
  })

  test('has both sizes in a zip64 field, and that first, once the size does not fit', () => {
    for (const size of [limit - 1, limit, limit + 1, 5 * 2 ** 40]) {
      const header = localHeader({ ...small, size })
      const isLarge = size >= limit
      assert.equal(header.readUInt32LE(18), isLarge ? limit : size)
      assert.equal(header.readUInt32LE(22), isLarge ? limit : size)
      assert.equal(header.readUInt16LE(4), isLarge ? 45 : 10)
      assert.deepEqual(zip64Of(header, 30), isLarge ? [size, size] : undefined)
    }
  })
})

describe('a central header', (test) => {
  test('has these bytes', () => {
    const header = centralHeader(small, 7)
    const expected = [
      '504b0102',
      '2d03', // made on Unix, by version 4.5
      '0a00',
      '0008',
      '0000',
      'b540',
      '755d',
      '04030201',
      '0500000005000000',
      '0800',
      '0900',
      '0000', // no comment
      '0000', // first disk
      '0000', // internal attributes
      '0000a481', // -rw-r--r--
      '07000000', // offset
    ]
    assert.equal(header.subarray(0, 46).toString('hex'), expected.join(''))
    assert.ok(header.subarray(46).equals(localHeader(small).subarray(30)))
  })

  test('of a folder says so in both attributes', () => {
    const header = centralHeader({ name: 'a/', size: 0, crc32: 0, modifiedMs }, 0)
    assert.equal(header.readUInt32LE(38) >>> 16, 0o040755)
    assert.equal(header.readUInt32LE(38) & 0xffff, 0x10)
  })

  test('has in its zip64 field what does not fit, and nothing else', () => {
    const large = { ...small, size: limit }
    assert.equal(zip64Of(centralHeader(small, limit - 1), 46), undefined)
    assert.deepEqual(zip64Of(centralHeader(small, limit), 46), [limit])
    assert.deepEqual(zip64Of(centralHeader(large, 0), 46), [limit, limit])
    assert.deepEqual(zip64Of(centralHeader(large, limit + 9), 46), [limit, limit, limit + 9])
    const header = centralHeader(large, limit + 9)
    assert.equal(header.readUInt32LE(20), limit)
    assert.equal(header.readUInt32LE(24), limit)
    assert.equal(header.readUInt32LE(42), limit)
    assert.equal(centralHeader(large, 9).readUInt32LE(42), 9)
  })
})

describe('the end of an archive', (test) => {
  test('has these bytes', () => {
    const end = endOfCentralDirectory({ entries: 3, offset: 1000, bytes: 200 })
    assert.equal(
      end.toString('hex'),
      '504b0506' + '00000000' + '0300' + '0300' + 'c8000000' + 'e8030000' + '0000',
    )
    const empty = endOfCentralDirectory({ entries: 0, offset: 0, bytes: 0 })
    assert.equal(empty.toString('hex'), `504b0506${'00'.repeat(18)}`)
  })

  const plain = { entries: 65_534, offset: limit - 1, bytes: limit - 1 }
  test('needs no zip64 records as long as everything fits', () => {
    assert.equal(endBytes(plain), 22)
    assert.equal(endOfCentralDirectory(plain).length, 22)
  })

  for (const [what, value] of [
    ['entries', 65_535],
    ['entries', 65_536],
    ['offset', limit],
    ['bytes', limit],
  ] as const) {
    test(`has zip64 records for ${value} ${what}`, () => {
      const directory = { ...plain, [what]: value }
      const end = endOfCentralDirectory(directory)
      assert.equal(end.length, 56 + 20 + 22)
      assert.equal(end.length, endBytes(directory))
      assert.equal(end.readUInt32LE(0), 0x06064b50)
      assert.equal(end.readBigUInt64LE(4), 44n)
      assert.equal(end.readUInt16LE(14), 45)
      const read = (at: number) => Number(end.readBigUInt64LE(at))
      assert.deepEqual([read(24), read(32)], [directory.entries, directory.entries])
      assert.deepEqual([read(40), read(48)], [directory.bytes, directory.offset])
      assert.equal(end.readUInt32LE(56), 0x07064b50)
      assert.equal(read(64), directory.offset + directory.bytes)
      assert.equal(end.readUInt32LE(72), 1)
      assert.equal(end.readUInt32LE(76), 0x06054b50)
      assert.equal(end.readUInt16LE(86), Math.min(directory.entries, 0xffff))
      assert.equal(end.readUInt32LE(92), Math.min(directory.offset, limit))
    })
  }
})

describe('the lengths of headers', (test) => {
  test('are known without building them', () => {
    const names = ['a', 'a/', 'ä'.repeat(300), '😀']
    const sizes = [0, 1, limit - 1, limit, limit + 1]
    const times = [0, modifiedMs, Date.UTC(2100, 0, 1)]
    for (const name of names) {
      for (const size of sizes) {
        for (const time of times) {
          const entry = { name, size, crc32: 0, modifiedMs: time }
          assert.equal(localHeader(entry).length, localHeaderBytes(entry))
          for (const offset of sizes) {
            assert.equal(centralHeader(entry, offset).length, centralHeaderBytes(entry, offset))
          }
        }
      }
    }
  })
})
