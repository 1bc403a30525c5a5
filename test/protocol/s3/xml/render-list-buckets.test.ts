import assert from 'node:assert/strict'
import { renderBucketLocation } from '../../../../protocol/s3/xml/render-bucket-location.ts'
import { renderListBuckets } from '../../../../protocol/s3/xml/render-list-buckets.ts'
import { describe } from '../../../support/describe.ts'

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const owner = { id: '0'.repeat(64), displayName: 'R&D' }
const bucket = { name: 'photos', region: 'eu-west-1', createdMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6) }

describe('the answer of ListBuckets', (test) => {
  test('shows the owner, then the buckets', () => {
    assert.equal(
      renderListBuckets({ buckets: [bucket], owner, prefix: undefined, nextToken: undefined }),
      `${declaration}<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>${owner.id}</ID><DisplayName>R&amp;D</DisplayName></Owner><Buckets><Bucket><Name>photos</Name><CreationDate>2026-01-02T03:04:05.000Z</CreationDate><BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>`,
    )
  })

  test('ends with the token to go on with and the prefix asked for', () => {
    const markup = renderListBuckets({ buckets: [], owner, prefix: 'p', nextToken: 'T' })
    assert.ok(
      markup.endsWith(
        '<Buckets></Buckets><ContinuationToken>T</ContinuationToken><Prefix>p</Prefix></ListAllMyBucketsResult>',
      ),
    )
  })
})

describe('the answer of GetBucketLocation', (test) => {
  test('names the region, but not us-east-1', () => {
    const around = (region: string) =>
      `${declaration}<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${region}</LocationConstraint>`
    assert.equal(renderBucketLocation('eu-west-1'), around('eu-west-1'))
    assert.equal(renderBucketLocation('us-east-1'), around(''))
  })
})
