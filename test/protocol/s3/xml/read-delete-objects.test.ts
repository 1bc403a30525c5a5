import assert from 'node:assert/strict'
import { readDeleteObjects } from '../../../../protocol/s3/xml/read-delete-objects.ts'
import { describe } from '../../../support/describe.ts'

const read = (inner: string) => readDeleteObjects(Buffer.from(`<Delete>${inner}</Delete>`))
const one = (inner: string) => read(`<Object>${inner}</Object>`).objects[0]
const malformed = { code: 'MalformedXML' }

describe('the body of DeleteObjects', (test) => {
  test('lists keys, with or without versions', () => {
    const id = 'a'.repeat(32)
    assert.deepEqual(
      read(
        `<Object><Key>007 </Key></Object><Object><Key>a&amp;b&#13;</Key><VersionId>${id}</VersionId></Object><Quiet>true</Quiet>`,
      ),
      {
        objects: [
          { key: '007 ', versionId: undefined, condition: undefined },
          { key: 'a&b\r', versionId: id, condition: undefined },
        ],
        quiet: true,
      },
    )
    assert.equal(read('<Quiet>false</Quiet><Object><Key>a</Key></Object>').quiet, false)
    assert.equal(read('<Object><Key>a</Key></Object>').quiet, false)
  })

  test('sets conditions on a deletion', () => {
    assert.deepEqual(one('<Key>a</Key><ETag>"abc"</ETag>')?.condition, { ifMatch: ['abc'] })
    assert.deepEqual(one('<Key>a</Key><ETag>*</ETag>')?.condition, { ifMatch: '*' })
    assert.deepEqual(
      one(
        '<Key>a</Key><ETag>abc</ETag><LastModifiedTime>Sat, 21 Nov 2026 08:05:43 GMT</LastModifiedTime><Size>0</Size>',
      )?.condition,
      { ifMatch: ['abc'], ifModifiedAtMs: Date.UTC(2026, 10, 21, 8, 5, 43), ifSize: 0 },
    )
    assert.deepEqual(
      one('<Key>a</Key><LastModifiedTime>2026-11-21T08:05:43.000Z</LastModifiedTime>')?.condition,
      { ifModifiedAtMs: Date.UTC(2026, 10, 21, 8, 5, 43) },
    )
  })

  test('has one to a thousand objects', () => {
    const objects = (count: number) => '<Object><Key>a</Key></Object>'.repeat(count)
    assert.equal(read(objects(1000)).objects.length, 1000)
    assert.throws(() => read(objects(1001)), malformed)
    assert.throws(() => read(''), malformed)
  })

  test('keeps what is empty apart from what is not there', () => {
    assert.equal(one('<Key>a</Key><VersionId/>')?.versionId, '')
    assert.equal(one('<Key>a</Key><VersionId><![CDATA[]]></VersionId>')?.versionId, '')
    assert.deepEqual(one('<Key>a</Key><ETag/>')?.condition, { ifMatch: [''] })
    assert.equal(read('<Object><Key>a</Key></Object><Quiet/>').quiet, false)
  })

  test('with anything else in it is malformed', () => {
    for (const inner of [
      '<Object><Key>a</Key><VersionID>x</VersionID></Object>',
      '<Object><Key>a</Key><IfMatch>x</IfMatch></Object>',
      '<Object><Key>a</Key><VersionId><x/></VersionId></Object>',
      '<Object><Key>a</Key><VersionId/><VersionId/></Object>',
      '<Object><Key>a</Key><ETag><x/></ETag></Object>',
      '<Object><Key>a</Key><Size/></Object>',
      '<Object><Key>a</Key><LastModifiedTime/></Object>',
      '<Object/>',
      '<Object><Key></Key></Object>',
      '<Object><Key>a</Key><Key>b</Key></Object>',
      '<Object><Key>a</Key><Size>-1</Size></Object>',
      '<Object><Key>a</Key><Size>x</Size></Object>',
      '<Object><Key>a</Key><LastModifiedTime>yesterday</LastModifiedTime></Object>',
      '<Object><Key>a</Key></Object><Quiet>perhaps</Quiet>',
      '<Object><Key>a</Key></Object><Other/>',
      '<Object><Key>a</Key>',
    ]) {
      assert.throws(() => read(inner), malformed, inner)
    }
    assert.throws(() => readDeleteObjects(Buffer.alloc(0)), { code: 'MissingRequestBodyError' })
  })
})
