import assert from 'node:assert'
import { crc32 } from '@node-rs/crc32'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { buildArchive } from './build-archive.ts'

const random = seededBytes()

describe('the CRC-32 of an archive', (test) => {
  test('is that of all its bytes, though no data was read', () => {
    for (const count of [0, 1, 2, 300]) {
      const members = Array.from({ length: count }, (_, at) => ({
        name: at % 7 === 0 ? `${at}/` : `${at}`,
        body: at % 7 === 0 ? Buffer.alloc(0) : random.bytes(random.integer(5000)),
        modifiedMs: random.integer(2 ** 31) * 1000,
      }))
      const built = buildArchive(members)
      assert.equal(built.crc32, crc32(built.archive))
    }
  })
})
