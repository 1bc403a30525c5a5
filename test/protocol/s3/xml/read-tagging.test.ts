import assert from 'node:assert/strict'
import { readTagging } from '../../../../protocol/s3/xml/read-tagging.ts'
import { renderTagging } from '../../../../protocol/s3/xml/render-tagging.ts'
import { describe } from '../../../support/describe.ts'

const read = (inner: string) => readTagging(Buffer.from(`<Tagging>${inner}</Tagging>`), 'object')

describe('a tag set in XML', (test) => {
  test('is read as it is written', () => {
    const tags = [
      { key: 'a b', value: '' },
      { key: '007', value: ' x=y ' },
    ]
    assert.deepEqual(readTagging(Buffer.from(renderTagging(tags)), 'object'), tags)
    assert.deepEqual(read('<TagSet/>'), [])
    assert.equal(
      renderTagging(tags),
      '<?xml version="1.0" encoding="UTF-8"?>\n<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet><Tag><Key>a b</Key><Value></Value></Tag><Tag><Key>007</Key><Value> x=y </Value></Tag></TagSet></Tagging>',
    )
  })

  test('without its parts, or with others, is malformed', () => {
    for (const inner of [
      '',
      '<TagSet><Tag><Key>a</Key></Tag></TagSet>',
      '<TagSet><Tag><Value>a</Value></Tag></TagSet>',
      '<TagSet><Other/></TagSet>',
      '<TagSet/><Tags/>',
      '<TagSet><Tag><Key>a</Key><Value/><value>b</value></Tag></TagSet>',
      '<TagSet/><TagSet/>',
      '<TagSet><Tag><Key>a</Key><Key>b</Key><Value/></Tag></TagSet>',
    ]) {
      assert.throws(() => read(inner), { code: 'MalformedXML' }, inner)
    }
    assert.throws(() => readTagging(Buffer.alloc(0), 'object'), { code: 'MissingRequestBodyError' })
  })

  test('obeys the rules of tags', () => {
    const tag = '<Tag><Key>a</Key><Value/></Tag>'
    assert.throws(() => read(`<TagSet>${tag}${tag}</TagSet>`), { code: 'InvalidTag' })
  })
})
