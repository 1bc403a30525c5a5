import assert from 'node:assert'
import {
  addChecksumHeaders,
  parseDeclaredChecksum,
  wantsChecksum,
} from '../../../protocol/s3/checksum-headers.ts'
import type { ReplyHeaders } from '../../../protocol/s3/object-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const crc32 = 'NjowIA=='

function refuses(run: () => unknown, message: RegExp): void {
  assert.throws(
    run,
    (cause) =>
      cause instanceof S3Error && cause.code === 'InvalidRequest' && message.test(cause.message),
  )
}

describe('checksum headers', (test) => {
  test('a payload may come without a checksum', () => {
    assert.equal(parseDeclaredChecksum({}, []), undefined)
  })

  test('a header carries its value, a trailer only its name', () => {
    assert.deepEqual(parseDeclaredChecksum({ 'x-amz-checksum-crc32': crc32 }, []), {
      algorithm: 'CRC32',
      in: 'header',
      value: Buffer.from(crc32, 'base64'),
    })
    assert.deepEqual(parseDeclaredChecksum({}, ['x-amz-checksum-crc64nvme']), {
      algorithm: 'CRC64NVME',
      in: 'trailer',
    })
    assert.equal(parseDeclaredChecksum({}, ['x-amz-something']), undefined)
  })

  test('two checksums are one too many', () => {
    const sha1 = Buffer.alloc(20).toString('base64')
    const headers = { 'x-amz-checksum-crc32': crc32, 'x-amz-checksum-sha1': sha1 }
    refuses(() => parseDeclaredChecksum(headers, []), /single x-amz-checksum/)
    const header = { 'x-amz-checksum-crc32': crc32 }
    refuses(() => parseDeclaredChecksum(header, ['x-amz-checksum-sha1']), /single x-amz-checksum/)
  })

  test('a checksum that nobody here can check is refused, not ignored', () => {
    refuses(() => parseDeclaredChecksum({ 'x-amz-checksum-md6': 'AAAA' }, []), /algorithm type/)
    refuses(() => parseDeclaredChecksum({}, ['x-amz-checksum-md6']), /x-amz-trailer/)
    const others = { 'x-amz-checksum-mode': 'ENABLED', 'x-amz-checksum-type': 'FULL_OBJECT' }
    assert.equal(parseDeclaredChecksum(others, []), undefined)
  })

  test('a value of the wrong length or not in Base64 is refused', () => {
    for (const value of ['', 'AAAA', 'NjowIA', 'NjowIAA=', '!!!!!!==']) {
      refuses(
        () => parseDeclaredChecksum({ 'x-amz-checksum-crc32': value }, []),
        /Value for x-amz-checksum-crc32 header is invalid/,
      )
    }
  })

  test('the algorithm the SDK names must be the one that comes', () => {
    const named = (name: string) => ({ 'x-amz-sdk-checksum-algorithm': name })
    assert.equal(
      parseDeclaredChecksum({ ...named('crc32'), 'x-amz-checksum-crc32': crc32 }, [])?.algorithm,
      'CRC32',
    )
    refuses(() => parseDeclaredChecksum(named('CRC32'), []), /no corresponding/)
    refuses(
      () => parseDeclaredChecksum({ ...named('SHA1'), 'x-amz-checksum-crc32': crc32 }, []),
      /x-amz-sdk-checksum-algorithm header is invalid/,
    )
    refuses(
      () => parseDeclaredChecksum(named('SHA1'), ['x-amz-checksum-crc32']),
      /x-amz-sdk-checksum-algorithm header is invalid/,
    )
    refuses(() => parseDeclaredChecksum(named('CRC1'), []), /header is invalid/)
  })

  test('a reply names algorithm and type', () => {
    const reply: ReplyHeaders = {}
    addChecksumHeaders(reply, { algorithm: 'CRC32', type: 'FULL_OBJECT', value: crc32 })
    assert.deepEqual(reply, {
      'x-amz-checksum-crc32': crc32,
      'x-amz-checksum-type': 'FULL_OBJECT',
    })
    addChecksumHeaders(reply, undefined)
  })

  test('only ENABLED asks for the checksum', () => {
    assert.equal(wantsChecksum({ 'x-amz-checksum-mode': 'ENABLED' }), true)
    assert.equal(wantsChecksum({ 'x-amz-checksum-mode': 'no' }), false)
    assert.equal(wantsChecksum({}), false)
  })
})
