import assert from 'node:assert/strict'
import { parseMetadataLocation, showMetadataLocation } from '../../metadata/metadata-location.ts'
import { describe } from '../support/describe.ts'

function shown(raw: string): string {
  const parsed = parseMetadataLocation(raw)
  assert.ok(parsed.is === 'location', JSON.stringify(parsed))
  return showMetadataLocation(parsed.location)
}

function mistakesOf(raw: string): string {
  const parsed = parseMetadataLocation(raw)
  assert.ok(parsed.is === 'mistakes', raw)
  assert.ok(parsed.mistakes.length > 0)
  return parsed.mistakes.join('\n')
}

describe('where metadata are', (test) => {
  test('is a directory, a database, or one service or several', () => {
    for (const [raw, wanted] of [
      ['lmdb:./metadata', 'lmdb:./metadata'],
      ['lmdb:/var/lib/holdfast metadata', 'lmdb:/var/lib/holdfast metadata'],
      ['mongodb://db:27017/holdfast', 'mongodb://db:27017/holdfast'],
      ['MONGODB://a:1,b:2', 'mongodb://a:1,b:2'],
      ['mongodb+srv://cluster.example.org', 'mongodb+srv://cluster.example.org'],
      ['https://one:9002', 'https://one:9002'],
      [
        ' https://one:9002, two:9002 ,https://[::1]:7',
        'https://one:9002,https://two:9002,https://[::1]:7',
      ],
      ['http://127.0.0.1:9002/', 'http://127.0.0.1:9002'],
      ['https://usual:443', 'https://usual'],
    ] as const) {
      assert.equal(shown(raw), wanted)
    }
  })

  test('is kept whole for its driver, and shown without user, password and options', () => {
    const raw =
      'mongodb://user:p%40ss@a:1,b:2/holdfast?authSource=admin&tlsCertificateKeyFilePassword=q'
    const parsed = parseMetadataLocation(raw)
    assert.deepEqual(parsed, { is: 'location', location: { is: 'mongodb', uri: raw } })
    assert.equal(shown(raw), 'mongodb://***@a:1,b:2/holdfast?***')
  })

  test('is told to be wrong in sentences, none of which has a password', () => {
    for (const [raw, what] of [
      ['', /lmdb:DIR/],
      ['./metadata', /write lmdb: before it/],
      ['postgres://user:hunter2@a', /no kind of metadata called "postgres:"/],
      ['lmdb:', /needs a directory/],
      ['lmdb://host/dir', /at once/],
      ['mongodb:host', /followed by \/\/HOST/],
      ['mongodb://', /names no host/],
      ['mongodb://user:hunter2@/db', /names no host/],
      ['mongodb://user:hunter2@x@a:1', /write it as %40/],
      ['mongodb://user:hunter2 @a', /blanks/],
      ['mongodb+srv://a:27017', /without a port/],
      ['mongodb+srv://a,b', /one host/],
      ['https://', /service 1: this is not HOST:PORT/],
      ['https://one', /needs its port/],
      ['https://one:1,https://two', /service 2: two needs its port/],
      ['https://one:1,http://two:1', /service 2: all of them have http, or all/],
      ['https://one:1,one:1', /named twice/],
      ['https://user:hunter2@one:1', /HOLDFAST_CLUSTER_SECRET/],
      ['https://one:1/v1', /behind the port/],
    ] as const) {
      const said = mistakesOf(raw)
      assert.match(said, what, raw)
      assert.ok(!said.includes('hunter2'), said)
    }
  })
})
