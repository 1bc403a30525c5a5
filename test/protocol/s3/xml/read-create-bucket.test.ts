import assert from 'node:assert/strict'
import { readCreateBucket } from '../../../../protocol/s3/xml/read-create-bucket.ts'
import { describe } from '../../../support/describe.ts'

const read = (inner: string) =>
  readCreateBucket(Buffer.from(`<CreateBucketConfiguration>${inner}</CreateBucketConfiguration>`))

describe('the body of CreateBucket', (test) => {
  test('may be left out, or be empty', () => {
    const nothing = { locationConstraint: undefined, tags: [] }
    assert.deepEqual(readCreateBucket(Buffer.alloc(0)), nothing)
    assert.deepEqual(read(''), nothing)
    assert.deepEqual(read('<LocationConstraint></LocationConstraint>'), nothing)
  })

  test('names a region and tags', () => {
    assert.deepEqual(
      read(
        '<LocationConstraint>eu-west-1</LocationConstraint><Tags><Tag><Key>a</Key><Value>007 </Value></Tag></Tags>',
      ),
      { locationConstraint: 'eu-west-1', tags: [{ key: 'a', value: '007 ' }] },
    )
  })

  test('holds tags to the rules, and knows no directory buckets', () => {
    assert.throws(() => read('<Tags><Tag><Key>aws:a</Key><Value/></Tag></Tags>'), {
      code: 'InvalidTag',
    })
    assert.throws(() => read('<Location><Name>x</Name></Location>'), { code: 'NotImplemented' })
    for (const inner of ['<locationConstraint>x</locationConstraint>', '<ObjectLock/>']) {
      assert.throws(() => read(inner), { code: 'MalformedXML' }, inner)
    }
    const nested = '<LocationConstraint><x/></LocationConstraint>'
    assert.throws(() => read(nested), { code: 'MalformedXML' })
    assert.throws(() => readCreateBucket(Buffer.from('<Other/>')), { code: 'MalformedXML' })
  })
})
