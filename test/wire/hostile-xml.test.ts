// XML that is broken, hostile or not what was asked for, sent to every operation that reads a document: it is
// MalformedXML or another 4xx, changes nothing, and costs little.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { describe } from '../support/describe.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange } from '../support/wire-request.ts'

const mib = 1024 * 1024

type Reader = {
  readonly name: string
  readonly method: string
  readonly target: string
  readonly root: string
  /** A document that is taken. */
  readonly good: string
}

let server: RunningServer
let readers: readonly Reader[] = []

async function send(reader: Reader, document: Buffer | string): Promise<string> {
  const body = Buffer.from(document)
  const md5 = createHash('md5').update(body).digest('base64')
  const { method, target } = reader
  const headers = { 'content-md5': md5 }
  const response = await exchange(server.port, { method, target, body, headers })
  return response.status < 300 ? String(response.status) : `${response.status} ${codeOf(response)}`
}

async function prepare(): Promise<void> {
  server = await RunningServer.start()
  await exchange(server.port, { method: 'PUT', target: '/bkt' })
  await exchange(server.port, { method: 'PUT', target: '/bkt/k', body: 'content' })
  const created = await exchange(server.port, { method: 'POST', target: '/bkt/mp?uploads' })
  const uploadId = encodeURIComponent(/<UploadId>([^<]+)/.exec(created.body.toString())?.[1] ?? '')
  const part = await exchange(server.port, {
    method: 'PUT',
    target: `/bkt/mp?partNumber=1&uploadId=${uploadId}`,
    body: 'part',
  })
  const etag = part.headers.get('etag')?.replaceAll('"', '&quot;')
  const tags = '<TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>'
  readers = [
    {
      name: 'CreateBucket',
      method: 'PUT',
      target: '/bkt',
      root: 'CreateBucketConfiguration',
      good: '',
    },
    {
      name: 'PutBucketVersioning',
      method: 'PUT',
      target: '/bkt?versioning',
      root: 'VersioningConfiguration',
      good: '<Status>Suspended</Status>',
    },
    {
      name: 'PutBucketTagging',
      method: 'PUT',
      target: '/bkt?tagging',
      root: 'Tagging',
      good: tags,
    },
    {
      name: 'PutObjectTagging',
      method: 'PUT',
      target: '/bkt/k?tagging',
      root: 'Tagging',
      good: tags,
    },
    {
      name: 'DeleteObjects',
      method: 'POST',
      target: '/bkt?delete',
      root: 'Delete',
      good: '<Object><Key>absent</Key></Object>',
    },
    {
      name: 'CompleteMultipartUpload',
      method: 'POST',
      target: `/bkt/mp?uploadId=${uploadId}`,
      root: 'CompleteMultipartUpload',
      good: `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`,
    },
  ]
}

const lol = Array.from(
  { length: 10 },
  (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`,
).join('')

/** What no reader may take, given its root and the inside of a good document. */
function malformed({ root, good }: Reader): Readonly<Record<string, Buffer | string>> {
  const whole = `<${root}>${good}</${root}>`
  return {
    'a doctype': `<!DOCTYPE ${root}>${whole}`,
    'a doctype in small letters': `<!doctype ${root}>${whole}`,
    'an external entity': `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><${root}>&x;</${root}>`,
    'a parameter entity': `<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]>${whole}`,
    'a billion laughs': `<!DOCTYPE r [<!ENTITY l0 "lol">${lol}]><${root}>&l10;</${root}>`,
    'an unknown entity': `<${root}>${good}&nbsp;</${root}>`.replace(
      good,
      `${good}<x>&unknown;</x>`,
    ),
    'an entity named as a property': `<${root}><Key>&constructor;</Key></${root}>`,
    'another root': `<Other>${good}</Other>`,
    'the root in another letter case': `<${root.toLowerCase()}>${good}</${root.toLowerCase()}>`,
    'two roots': whole + whole,
    'text behind the root': `${whole}text`,
    'text before the root': `text${whole}`,
    'an open root': `<${root}>${good}`,
    'a wrong end': `<${root}>${good}</Other>`,
    'overlapping elements': `<${root}><a><b></a></b>${good}</${root}>`,
    'bytes that are not UTF-8': Buffer.concat([
      Buffer.from(`<${root}><Key>`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`</Key>${good}</${root}>`),
    ]),
    'half a character': Buffer.concat([
      Buffer.from(`<${root}>${good}<x>`),
      Buffer.from([0xe2, 0x82]),
      Buffer.from(`</x></${root}>`),
    ]),
    'UTF-16': Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${whole}`, 'utf16le'),
    'deep nesting': `<${root}>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}${good}</${root}>`,
    'open nesting': `<${root}>${'<a>'.repeat(300_000)}`,
    'nothing but angle brackets': '<'.repeat(mib),
    'nothing but ampersands': `<${root}>${'&'.repeat(mib)}</${root}>`,
    'open comments': `<${root}>${'<!--'.repeat(mib / 4)}</${root}>`,
    'an open CDATA section': `<${root}>${'<![CDATA['.repeat(100_000)}</${root}>`,
    'an attribute twice': `<${root} a="1" a="2">${good}</${root}>`,
    'an attribute without quotes': `<${root} a=1>${good}</${root}>`,
    'a surrogate': `<${root}>${good}<x>&#xD800;</x></${root}>`,
    'a character beyond Unicode': `<${root}>${good}<x>&#x110000;</x></${root}>`,
    JSON: '{"Objects":[{"Key":"k"}]}',
    'a NUL': '\0',
    'a byte order mark alone': '\ufeff',
  }
}

/** What may be taken or refused, but must do no harm. */
function doubtful({ root, good }: Reader): Readonly<Record<string, Buffer | string>> {
  return {
    'a foreign namespace': `<${root} xmlns="urn:other">${good}</${root}>`,
    'an undeclared prefix': `<x:${root}>${good}</x:${root}>`,
    'many attributes': `<${root} ${Array.from({ length: 50_000 }, (_, n) => `a${n}="b"`).join(' ')}>${good}</${root}>`,
    'an element named as a property': `<${root}><__proto__><polluted>1</polluted></__proto__><constructor/><toString/>${good}</${root}>`,
    'much text': `<${root}>${'x'.repeat(2 * mib)}${good}</${root}>`,
    'a hundred thousand elements': `<${root}>${'<x/>'.repeat(100_000)}${good}</${root}>`,
    'control characters': `<${root}>${good}<x>\x01\x02&#0;</x></${root}>`,
    instructions: `<?xml version="1.0"?><?php evil ?><?xml-stylesheet href="http://a"?><${root}>${good}</${root}>`,
    'an empty root': `<${root}/>`,
    'a declaration of another encoding': `<?xml version="1.0" encoding="EBCDIC"?><${root}>${good}</${root}>`,
    'wrong children': `<${root}><Wrong><Children>1</Children></Wrong></${root}>`,
    'numbers out of range': `<${root}><Part><PartNumber>99999999999999999999</PartNumber><ETag>a</ETag></Part></${root}>`,
    'a number that is none': `<${root}><Part><PartNumber>1e3</PartNumber><ETag>a</ETag></Part></${root}>`,
  }
}

describe('hostile XML', (test) => {
  test.before(prepare)
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('every reader refuses what is not well-formed or not its document', async () => {
    for (const reader of readers) {
      for (const [flaw, document] of Object.entries(malformed(reader))) {
        assert.equal(await send(reader, document), '400 MalformedXML', `${reader.name}: ${flaw}`)
      }
    }
  })

  test('what is merely odd is taken or refused, and never a failure of ours', async () => {
    for (const reader of readers) {
      // A completion that is taken leaves nothing to complete.
      if (reader.name === 'CompleteMultipartUpload') continue
      for (const [oddity, document] of Object.entries(doubtful(reader))) {
        assert.match(
          await send(reader, document),
          /^(20\d$|4\d\d [A-Z])/,
          `${reader.name}: ${oddity}`,
        )
      }
    }
    assert.equal(Reflect.get({}, 'polluted'), undefined)
  })

  test('a document beyond its limit is refused by its length, before it is sent', async () => {
    for (const reader of readers) {
      const { method, target } = reader
      const headers = {
        'content-length': String(64 * mib),
        'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==',
      }
      const response = await exchange(server.port, {
        method,
        target,
        headers,
        payloadHash: 'UNSIGNED-PAYLOAD',
      })
      assert.equal(codeOf(response), 'MaxMessageLengthExceeded', reader.name)
    }
  })

  test('after all that, everything is as it was and good documents are taken', async () => {
    const got = await exchange(server.port, { target: '/bkt/k' })
    assert.equal(got.body.toString(), 'content')
    for (const reader of readers) {
      const { root, good } = reader
      const namespaced = `\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- a comment -->\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${good}\n</${root}>\n`
      const answer = await send(reader, namespaced)
      assert.match(answer, /^20\d$/, reader.name)
    }
  })
})
