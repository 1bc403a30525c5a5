import assert from 'node:assert/strict'
import { parseFormData } from '../../../../protocol/s3/body/form-data-parser.ts'
import { guardFileSize, guardLength } from '../../../../protocol/s3/body/length-guard.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { describe } from '../../../support/describe.ts'
import { randomBytesFrom, randomIntegersFrom } from '../sigv4/seeded-random.ts'

const contentType = 'multipart/form-data; boundary=----Boundary7MA4'
const data = Buffer.from('line\r\n------Boundary7MA\r\n--\r\nend\r')

function field(name: string, value: string): Buffer {
  return Buffer.from(
    `------Boundary7MA4\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
}

function file(content: Buffer, name = 'a.txt'): Buffer {
  return Buffer.concat([
    Buffer.from(
      `------Boundary7MA4\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n`,
    ),
    content,
    Buffer.from('\r\n'),
  ])
}

const end = Buffer.from('------Boundary7MA4--\r\n')
const form = Buffer.concat([
  field('key', 'a/b'),
  field('Empty', ''),
  field('X-Amz-Meta-Name', 'zwölf\r\n--'),
  file(data),
  field('submit', 'Upload'),
  end,
])

async function* pieces(...list: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  for (const piece of list) yield piece
}

type Parsed = {
  readonly fields: Readonly<Record<string, string>>
  readonly name: string | undefined
  readonly data: Buffer
}

async function parse(list: readonly Buffer[], type: string = contentType): Promise<Parsed> {
  const { fields, file } = await parseFormData(pieces(...list), type)
  const body: Buffer[] = []
  for await (const piece of file.body) body.push(piece)
  return {
    fields: Object.fromEntries(fields),
    name: file.name,
    data: Buffer.concat(body),
  }
}

async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run
  } catch (error) {
    if (error instanceof S3Error) return error.code
    throw error
  }
  throw new assert.AssertionError({ message: 'it was accepted' })
}

const parsed: Parsed = {
  fields: { key: 'a/b', empty: '', 'x-amz-meta-name': 'zwölf\r\n--' },
  name: 'a.txt',
  data,
}

describe('POST forms', (test) => {
  test('yield their fields and the file, and ignore what follows it', async () => {
    assert.deepEqual(await parse([form]), parsed)
  })

  test('may be cut at every byte', async () => {
    for (let cut = 0; cut <= form.length; cut += 1) {
      assert.deepEqual(await parse([form.subarray(0, cut), form.subarray(cut)]), parsed)
    }
    assert.deepEqual(await parse([...form].map((byte) => Buffer.from([byte]))), parsed)
  })

  test('may be in any encoding, and say which fields are not UTF-8', async () => {
    const bytes = (text: string) => Buffer.from(text, 'latin1')
    const parts = [
      bytes('------Boundary7MA4\r\nContent-Disposition: form-data; name="x-amz-meta-a"\r\n'),
      bytes('Content-Type: text/plain; charset=windows-1252\r\n\r\nGr\xf6\xdfe\r\n'),
      bytes('------Boundary7MA4\r\nContent-Disposition: form-data; name="\x83t"\r\n\r\nv\r\n'),
      bytes(
        '------Boundary7MA4\r\nContent-Disposition: form-data; name="file"; filename="datei \xfc.txt"\r\n',
      ),
      bytes('Content-Type: text/\xff\r\nX-Odd: \x81\x8d\r\n\r\n'),
      ...[data, bytes('\r\n'), end],
    ]
    const { fields, latin1Fields, file: found } = await parseFormData(pieces(...parts), contentType)
    assert.deepEqual(Object.fromEntries(fields), { 'x-amz-meta-a': 'Größe', '\x83t': 'v' })
    assert.deepEqual([...latin1Fields], ['x-amz-meta-a'])
    assert.equal(found.name, undefined)
  })

  test('have the name of the file from filename, or from filename* where there is no other', async () => {
    const nameOf = async (parameters: string) => {
      const part = `------Boundary7MA4\r\nContent-Disposition: form-data; name="file"${parameters}\r\n\r\n`
      return (await parse([Buffer.from(part, 'latin1'), data, Buffer.from('\r\n'), end])).name
    }
    assert.equal(await nameOf('; filename="a.txt"; filename*=UTF-8\'\'b'), 'a.txt')
    assert.equal(await nameOf("; filename*=utf-8'de'datei%20%C3%BC.txt"), 'datei ü.txt')
    assert.equal(await nameOf(''), '')
    for (const unreadable of [
      "; filename*=utf-8''%FF",
      "; filename*=x''a",
      "; filename*=utf-8''%",
    ]) {
      assert.equal(await nameOf(unreadable), undefined, unreadable)
    }
    // Shift_JIS has backslashes within its characters.
    assert.equal(await nameOf('; filename="\x95\\"'), undefined)
  })

  test('keep files of random bytes in random pieces', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`seed ${seed}`)
    const bytes = randomBytesFrom(seed)
    const pick = randomIntegersFrom(seed)
    for (let round = 0; round < 100; round += 1) {
      // Plenty of what delimiters begin with.
      const content = bytes(pick(4000)).map((byte) => (byte < 60 ? (byte < 30 ? 13 : 45) : byte))
      const whole = Buffer.concat([field('key', 'k'), file(Buffer.from(content)), end])
      const list: Buffer[] = []
      for (let at = 0; at < whole.length; ) {
        const to = Math.min(whole.length, at + 1 + pick(300))
        list.push(whole.subarray(at, to))
        at = to
      }
      assert.deepEqual((await parse(list)).data, Buffer.from(content), `seed ${seed}`)
    }
  })

  test('may have an empty file, a quoted boundary, a preamble and odd names', async () => {
    const quoted = 'Multipart/Form-Data; charset=utf-8; boundary="----Boundary7MA4"'
    const whole = [Buffer.from('preamble\r\n'), field('k', 'v'), file(Buffer.alloc(0)), end]
    assert.equal((await parse(whole, quoted)).data.length, 0)
    const odd = [file(Buffer.from('x'), 'C:\\photos\\a \\"b\\".txt'), end]
    assert.equal((await parse(odd)).name, 'C:\\photos\\a "b".txt')
  })

  test('hand the file over before it has come', async () => {
    let asked = 0
    async function* source() {
      yield Buffer.concat([field('key', 'k'), file(Buffer.from('begin')).subarray(0, -2)])
      for (;;) {
        asked += 1
        yield Buffer.alloc(1000)
      }
    }
    const { file: upload } = await parseFormData(source(), contentType)
    const stream = upload.body[Symbol.asyncIterator]()
    assert.equal(asked, 0)
    assert.equal((await stream.next()).value?.toString(), 'begin')
    await stream.next()
    assert.ok(asked <= 2, `read ${asked} pieces ahead`)
  })
})

describe('refusing POST forms', (test) => {
  test('of another content type or with a bad boundary', async () => {
    for (const type of ['text/plain', 'multipart/form-database; boundary=a', '']) {
      assert.equal(await refusal(parse([form], type)), 'RequestIsNotMultiPartContent')
    }
    for (const boundary of ['', `; boundary=${'b'.repeat(71)}`, '; boundary="a\u00e9"']) {
      const type = `multipart/form-data${boundary}`
      assert.equal(await refusal(parse([form], type)), 'MalformedPOSTRequest')
    }
  })

  test('that end before the file does', async () => {
    const fileEnd = form.indexOf(field('submit', 'Upload')) + '------Boundary7MA4'.length
    for (let length = 0; length < fileEnd; length += 1) {
      const code = await refusal(parse([form.subarray(0, length)]))
      assert.equal(code, 'MalformedPOSTRequest', `cut at ${length}`)
    }
  })

  test('without a file', async () => {
    const code = await refusal(parse([field('key', 'k'), end]))
    assert.equal(code, 'IncorrectNumberOfFilesInPostRequest')
  })

  test('with more than 20 KiB before the file', async () => {
    const code = 'MaxPostPreDataLengthExceededError'
    assert.equal(await refusal(parse([field('key', 'k'.repeat(21_000)), file(data), end])), code)
    const many = Array.from({ length: 300 }, (_, at) => field(`f${at}`, 'v'))
    assert.equal(await refusal(parse([...many, file(data), end])), code)
    async function* endless() {
      for (;;) yield Buffer.alloc(1000, 'x')
    }
    assert.equal(await refusal(parseFormData(endless(), contentType)), code)
  })

  test('with a field twice or broken part headers', async () => {
    const twice = [field('key', 'a'), field('KEY', 'b'), file(data), end]
    assert.equal(await refusal(parse(twice)), 'InvalidArgument')
    for (const headers of [
      'Content-Disposition: form-data',
      'Content-Disposition: form-data; name=""',
      'Content-Disposition: attachment; name="a"',
      'Content-Type: text/plain',
      'no header',
      ': x',
    ]) {
      const part = Buffer.from(`------Boundary7MA4\r\n${headers}\r\n\r\nv\r\n`)
      assert.equal(await refusal(parse([part, file(data), end])), 'MalformedPOSTRequest', headers)
    }
    const rest = Buffer.from('------Boundary7MA4 x\r\nContent-Disposition: form-data\r\n\r\n')
    assert.equal(await refusal(parse([rest, file(data), end])), 'MalformedPOSTRequest')
  })
})

describe('guards of lengths', (test) => {
  async function drain(source: AsyncIterable<Buffer>): Promise<number> {
    let length = 0
    for await (const piece of source) length += piece.length
    return length
  }
  const body = () => pieces(Buffer.alloc(3), Buffer.alloc(4))

  test('a body is as long as declared', async () => {
    assert.equal(await drain(guardLength(body(), 7)), 7)
    assert.equal(await drain(guardLength(pieces(), 0)), 0)
    assert.equal(await refusal(drain(guardLength(body(), 8))), 'IncompleteBody')
    assert.equal(await refusal(drain(guardLength(body(), 6))), 'IncompleteBody')
  })

  test('a file keeps within its range', async () => {
    assert.equal(await drain(guardFileSize(body(), { min: 7, max: 7 })), 7)
    assert.equal(await refusal(drain(guardFileSize(body(), { min: 0, max: 6 }))), 'EntityTooLarge')
    assert.equal(await refusal(drain(guardFileSize(body(), { min: 8, max: 9 }))), 'EntityTooSmall')
  })
})
