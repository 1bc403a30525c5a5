import assert from 'node:assert/strict'
import {
  AwsChunkedDecoder,
  decodeAwsChunked,
} from '../../../../protocol/s3/body/aws-chunked-decoder.ts'
import type { AwsChunkedOptions } from '../../../../protocol/s3/body/aws-chunked-options.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import type { ChunkSigning } from '../../../../protocol/s3/sigv4/signed-request.ts'
import { deriveSigningKey } from '../../../../protocol/s3/sigv4/signing-keys.ts'
import { describe } from '../../../support/describe.ts'
import * as aws from '../sigv4/aws-example.ts'
import { randomBytesFrom, randomIntegersFrom } from '../sigv4/seeded-random.ts'
import { encodeAwsChunked } from './encode-aws-chunked.ts'

const signing: ChunkSigning = {
  signingKey: deriveSigningKey(aws.secretAccessKey, { date: '20130524', region: 'us-east-1' }),
  seedSignature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  amzDate: '20130524T000000Z',
  credentialScope: '20130524/us-east-1/s3/aws4_request',
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
const awsBody = Buffer.concat([
  header('10000', 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'),
  Buffer.from(`${'a'.repeat(65_536)}\r\n`),
  header('400', '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'),
  Buffer.from(`${'a'.repeat(1024)}\r\n`),
  header('0', 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'),
  Buffer.from('\r\n'),
])

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
const awsTrailerData = Buffer.concat([
  header('10000', 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'),
  Buffer.from(`${'a'.repeat(65_536)}\r\n`),
  header('400', '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'),
  Buffer.from(`${'a'.repeat(1024)}\r\n`),
  header('0', '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992'),
])
const awsTrailerSignature = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435'
const awsTrailerOptions: AwsChunkedOptions = {
  decodedLength: 66_560,
  signing: {
    ...signing,
    seedSignature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  },
  trailerNames: ['x-amz-checksum-crc32c'],
}

function header(size: string, signature: string): Buffer {
  return Buffer.from(`${size};chunk-signature=${signature}\r\n`)
}

function options(decodedLength: number, changes: Partial<AwsChunkedOptions> = {}) {
  return { decodedLength, signing: undefined, trailerNames: undefined, ...changes }
}

type Decoded = { readonly data: Buffer; readonly trailers: Readonly<Record<string, string>> }

function decode(pieces: readonly Buffer[], how: AwsChunkedOptions): Decoded {
  const decoder = new AwsChunkedDecoder(how)
  const data = Buffer.concat(pieces.flatMap((piece) => decoder.push(piece)))
  return { data, trailers: Object.fromEntries(decoder.end()) }
}

function refusal(run: () => unknown): S3Error {
  try {
    run()
  } catch (error) {
    if (error instanceof S3Error) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'the body was accepted' })
}

function refusalOf(body: string, how: AwsChunkedOptions): string {
  return refusal(() => decode([Buffer.from(body)], how)).code
}

const text = Buffer.from('The quick brown fox jumps over the lazy dog.')
const chunks = [text.subarray(0, 10), text.subarray(10, 11), text.subarray(11)]
const trailers = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-other': 'one two' }
const names = Object.keys(trailers)

/** Every form of the encoding, over the same data. */
const forms: readonly (readonly [string, Buffer, AwsChunkedOptions])[] = [
  ['signed', encodeAwsChunked({ chunks, signing }), options(text.length, { signing })],
  [
    'signed with trailer',
    encodeAwsChunked({ chunks, signing, trailers }),
    options(text.length, { signing, trailerNames: names }),
  ],
  [
    'unsigned with trailer',
    encodeAwsChunked({ chunks, trailers }),
    options(text.length, { trailerNames: names }),
  ],
]

describe('decoding the examples of the AWS documentation', (test) => {
  test('signed chunks', () => {
    const { data } = decode([awsBody], options(66_560, { signing }))
    assert.deepEqual(data, Buffer.from('a'.repeat(66_560)))
  })

  test('signed chunks and a signed trailer', () => {
    const trailer = `x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${awsTrailerSignature}\r\n`
    const { data, trailers } = decode(
      [awsTrailerData, Buffer.from(`${trailer}\r\n`)],
      awsTrailerOptions,
    )
    assert.equal(data.length, 66_560)
    assert.deepEqual(trailers, { 'x-amz-checksum-crc32c': 'sOO8/Q==' })
  })

  test('a trailer framed as various clients frame it', () => {
    const signature = `x-amz-trailer-signature:${awsTrailerSignature}`
    for (const trailer of [
      `x-amz-checksum-crc32c:sOO8/Q==\r\n${signature}\r\n\r\n`,
      `\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n${signature}\r\n\r\n`,
      `x-amz-checksum-crc32c:sOO8/Q==\n\r\n${signature}\r\n\r\n`,
      `X-Amz-Checksum-Crc32c: sOO8/Q==\r\n${signature}\r\n\r\n`,
    ]) {
      decode([awsTrailerData, Buffer.from(trailer)], awsTrailerOptions)
    }
  })

  test('cut in two near every frame', () => {
    const marks = [0, 65_536 + 90, 65_536 + 90 + 1024 + 90, awsBody.length]
    for (let cut = 0; cut <= awsBody.length; cut += 1) {
      if (!marks.some((mark) => Math.abs(mark - cut) < 100)) continue
      const pieces = [awsBody.subarray(0, cut), awsBody.subarray(cut)]
      assert.equal(decode(pieces, options(66_560, { signing })).data.length, 66_560)
    }
  })
})

describe('decoding, however the bytes come', (test) => {
  test('cut in two at every byte', () => {
    for (const [name, body, how] of forms) {
      for (let cut = 0; cut <= body.length; cut += 1) {
        const decoded = decode([body.subarray(0, cut), body.subarray(cut)], how)
        assert.deepEqual(decoded.data, text, `${name}, cut at ${cut}`)
        assert.deepEqual(decoded.trailers, how.trailerNames === undefined ? {} : trailers)
      }
    }
  })

  test('byte by byte', () => {
    for (const [name, body, how] of forms) {
      const bytes = [...body].map((byte) => Buffer.from([byte]))
      assert.deepEqual(decode(bytes, how).data, text, name)
    }
  })

  test('an empty body', () => {
    const none = { chunks: [] }
    decode([encodeAwsChunked({ ...none, signing })], options(0, { signing }))
    decode([encodeAwsChunked(none)], options(0, { trailerNames: [] }))
  })

  test('sizes in either case and extensions that nobody asked for', () => {
    const body = `0A;x=y\r\n0123456789\r\n000a;\r\n0123456789\r\n0;a;b=c\r\n\r\n`
    assert.equal(decode([Buffer.from(body)], options(20)).data.length, 20)
  })

  test('random data in random chunks and pieces', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`seed ${seed}`)
    const bytes = randomBytesFrom(seed)
    const pick = randomIntegersFrom(seed)
    for (let round = 0; round < 200; round += 1) {
      const plan = Array.from({ length: pick(6) }, () => bytes(1 + pick(3000)))
      const data = Buffer.concat(plan)
      const isSigned = pick(2) === 1
      const hasTrailer = pick(2) === 1 || !isSigned
      const body = encodeAwsChunked({
        chunks: plan,
        signing: isSigned ? signing : undefined,
        trailers: hasTrailer ? trailers : undefined,
      })
      const pieces: Buffer[] = []
      for (let at = 0; at < body.length; ) {
        const end = Math.min(body.length, at + 1 + pick(pick(2) === 0 ? 20 : 2000))
        pieces.push(body.subarray(at, end))
        at = end
      }
      const how = {
        decodedLength: data.length,
        signing: isSigned ? signing : undefined,
        trailerNames: hasTrailer ? names : undefined,
      }
      assert.deepEqual(decode(pieces, how).data, data, `seed ${seed}, round ${round}`)
    }
  })

  test('data comes out as views of what went in', () => {
    const decoder = new AwsChunkedDecoder(options(5))
    const body = Buffer.from('5\r\nhello\r\n0\r\n\r\n')
    const [piece] = decoder.push(body)
    assert.equal(piece?.buffer, body.buffer)
    assert.equal(piece?.byteOffset, body.byteOffset + 3)
  })

  test('as a stream', async () => {
    for (const [name, body, how] of forms) {
      async function* source() {
        yield body.subarray(0, 7)
        yield body.subarray(7)
      }
      const decoded = decodeAwsChunked(source(), how)
      const pieces: Buffer[] = []
      for await (const piece of decoded.body) pieces.push(piece)
      assert.deepEqual(Buffer.concat(pieces), text, name)
      assert.equal(decoded.trailers().size, how.trailerNames?.length ?? 0)
    }
  })
})

describe('refusing aws-chunked bodies', (test) => {
  test('a body cut off at any byte is incomplete', () => {
    for (const [name, body, how] of forms) {
      for (let length = 0; length < body.length; length += 1) {
        const error = refusal(() => decode([body.subarray(0, length)], how))
        assert.equal(error.code, 'IncompleteBody', `${name}, cut at ${length}`)
      }
    }
  })

  test('a body in which a byte of a chunk is missing, or there twice, is incomplete', () => {
    for (const [name, body, how] of forms) {
      const end = body.lastIndexOf('\r\n0') + 2
      for (let at = 0; at < end; at += 1) {
        // A semicolon more begins an extension without a name, which says nothing.
        const rests = body[at] === 0x3b ? [at + 1] : [at + 1, at]
        for (const rest of rests) {
          const head = body.subarray(0, rest === at ? at + 1 : at)
          const { code } = refusal(() => decode([Buffer.concat([head, body.subarray(rest)])], how))
          if (code === 'SignatureDoesNotMatch') assert.ok(how.signing !== undefined)
          else assert.equal(code, 'IncompleteBody', `${name}, ${at}`)
        }
      }
    }
  })

  test('no signed byte can be changed', () => {
    for (const [name, body, how] of forms) {
      if (how.signing === undefined) continue
      for (let at = 0; at < body.length; at += 1) {
        const changed = Buffer.from(body)
        changed[at] = (changed[at] ?? 0) ^ 0x01
        let data: Buffer | undefined
        try {
          const decoded = decode([changed], how)
          data = decoded.data
          assert.deepEqual(decoded.trailers, how.trailerNames ? trailers : {}, `${name}, ${at}`)
        } catch (error) {
          assert.ok(error instanceof S3Error, `${name}, ${at}: ${error}`)
          continue
        }
        assert.deepEqual(data, text, `${name}, byte ${at}`)
      }
    }
  })

  test('chunks swapped, left out or repeated do not match', () => {
    const [first, second] = [Buffer.from('aaaaa'), Buffer.from('bbbbb')]
    const whole = encodeAwsChunked({ chunks: [first, second], signing })
    const size = whole.indexOf('\r\n5;') + 2
    const [one, two, end] = [
      whole.subarray(0, size),
      whole.subarray(size, 2 * size),
      whole.subarray(2 * size),
    ]
    const how = (length: number) => options(length, { signing })
    assert.equal(decode([one, two, end], how(10)).data.length, 10)
    for (const [pieces, length] of [
      [[two, one, end], 10],
      [[two, end], 5],
      [[one, end], 5],
      [[one, one, two, end], 15],
    ] as const) {
      assert.equal(refusal(() => decode(pieces, how(length))).code, 'SignatureDoesNotMatch')
    }
  })

  test('an unsigned chunk among signed ones is refused', () => {
    assert.equal(refusalOf('5\r\nhello\r\n0\r\n\r\n', options(5, { signing })), 'IncompleteBody')
    const twice = `5;chunk-signature=a;chunk-signature=b\r\nhello\r\n0\r\n\r\n`
    assert.equal(refusalOf(twice, options(5, { signing })), 'IncompleteBody')
  })

  test('the data must be as long as declared', () => {
    const body = '5\r\nhello\r\n0\r\n\r\n'
    for (const length of [0, 4, 6]) {
      const { code, details } = refusal(() => decode([Buffer.from(body)], options(length)))
      assert.equal(code, 'IncompleteBody')
      assert.deepEqual(details, { NumberBytesExpected: `${length}`, NumberBytesProvided: '5' })
    }
    assert.equal(refusalOf('5\r\nhello\r\n', options(5)), 'IncompleteBody')
    assert.equal(refusalOf('', options(0)), 'IncompleteBody')
  })

  test('broken framing is refused', () => {
    for (const body of [
      '\r\nhello',
      'x\r\nhello\r\n0\r\n\r\n',
      '-5\r\nhello\r\n0\r\n\r\n',
      '0x5\r\nhello\r\n0\r\n\r\n',
      ' 5\r\nhello\r\n0\r\n\r\n',
      '5 \r\nhello\r\n0\r\n\r\n',
      '5\nhello\r\n0\r\n\r\n',
      '5\r\nhello0\r\n\r\n',
      '5\r\nhello\n0\r\n\r\n',
      '5\r\nhello!\r\n0\r\n\r\n',
      '1234567890123\r\n',
      '140000001\r\n',
      'f'.repeat(2000),
      `5;${'x'.repeat(1100)}\r\nhello\r\n0\r\n\r\n`,
    ]) {
      assert.equal(refusalOf(body, options(5)), 'IncompleteBody', body.slice(0, 40))
    }
    const smuggled = '5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n'
    assert.equal(refusalOf(smuggled, options(5)), 'MalformedTrailerError')
  })

  test('an empty line ends the body, and nothing comes behind it', () => {
    const crc32 = options(5, { trailerNames: ['x-amz-checksum-crc32'] })
    const data = '5\r\nhello\r\n0\r\n'
    const trailer = 'x-amz-checksum-crc32:AAAAAA==\r\n'
    assert.equal(decode([Buffer.from(`${data}\r\n`)], options(5)).data.length, 5)
    assert.equal(decode([Buffer.from(`${data}${trailer}\r\n`)], crc32).data.length, 5)
    for (const end of ['', '\r', '\n', '\r\r', '\rX', 'X\n', '\r\nX', '\r\n\r', '\n\n']) {
      assert.equal(refusalOf(`${data}${end}`, options(5)), 'IncompleteBody', JSON.stringify(end))
      assert.equal(
        refusalOf(`${data}${trailer}${end}`, crc32),
        'IncompleteBody',
        JSON.stringify(end),
      )
    }
  })

  test('trailers must be those declared, once each, and well formed', () => {
    const how = options(0, { trailerNames: ['x-amz-checksum-crc32'] })
    const good = 'x-amz-checksum-crc32:AAAAAA==\r\n'
    assert.equal(
      decode([Buffer.from(`0\r\n${good}\r\n`)], how).trailers['x-amz-checksum-crc32'],
      'AAAAAA==',
    )
    for (const trailer of [
      '\r\n',
      `${good}${good}\r\n`,
      `${good}x-amz-meta-a:b\r\n\r\n`,
      'x-amz-checksum-sha1:AAAAAA==\r\n\r\n',
      'x-amz-checksum-crc32 AAAAAA==\r\n\r\n',
      ':AAAAAA==\r\n\r\n',
      `${good}x-amz-trailer-signature:00\r\n\r\n`,
      `${good}x: ${'y'.repeat(17_000)}\r\n\r\n`,
    ]) {
      assert.equal(refusalOf(`0\r\n${trailer}`, how), 'MalformedTrailerError', trailer.slice(0, 60))
    }
    assert.equal(refusalOf(`0\r\n${good}\r\n`, options(0)), 'MalformedTrailerError')
  })

  test('a signed trailer needs its own signature', () => {
    const line = 'x-amz-checksum-crc32c:sOO8/Q==\r\n'
    const refused = (trailer: string) =>
      refusal(() => decode([awsTrailerData, Buffer.from(trailer)], awsTrailerOptions)).code
    assert.equal(refused(`${line}\r\n`), 'MalformedTrailerError')
    const signature = `x-amz-trailer-signature:${awsTrailerSignature}\r\n`
    assert.equal(refused(`${signature}${line}\r\n`), 'MalformedTrailerError')
    assert.equal(
      refused(`x-amz-checksum-crc32c:sOO8/A==\r\n${signature}\r\n`),
      'SignatureDoesNotMatch',
    )
  })
})
