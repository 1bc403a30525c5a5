// JSON requests of our own: what is wrong is told by its name, and whether the shape is wrong or the value.
import assert from 'node:assert'
import { archiveOrder } from '../../../gateway/archive-jobs/archive-request.ts'
import { bundleRequest } from '../../../gateway/bundles/bundle-request.ts'
import { parseJson } from '../../../gateway/native-api/read-json.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

function refusalOf(parse: () => unknown): string {
  try {
    parse()
  } catch (cause) {
    assert(cause instanceof S3Error, String(cause))
    const { ArgumentName } = cause.details
    return `${cause.code}${ArgumentName === undefined ? '' : ` ${ArgumentName}`}: ${cause.message}`
  }
  return assert.fail('nothing was wrong')
}

const entry = (fields: object) => ({ bucket: 'b', entries: [{ key: 'a' }, fields] })
const s3 = { bucket: 'b', key: 'k.txt', accessKeyId: 'A', secretAccessKey: 'S' }

describe('requests in JSON', (test) => {
  test('are refused by the name of what is wrong', () => {
    const refused: readonly (readonly [unknown, string])[] = [
      [[], 'MalformedJSON: The payload must be a JSON object.'],
      [{ bucket: 7, entries: [] }, 'MalformedJSON: bucket must be a text.'],
      [{ entries: [] }, 'MalformedJSON: bucket must be a text.'],
      [{ bucket: '\ud800', entries: [] }, 'MalformedJSON: bucket must be a text.'],
      [
        { bucket: 'b', entries: {} },
        'MalformedJSON: entries must be a list of at most 10000 objects.',
      ],
      [{ bucket: 'b', entries: [], colour: 1 }, 'MalformedJSON: colour is not known here.'],
      [
        { bucket: 'b', entries: [], options: { windows: 1 } },
        'MalformedJSON: options.windows must be true or false.',
      ],
      [
        { bucket: 'b', entries: [], expiresInSeconds: 1.5 },
        'MalformedJSON: expiresInSeconds must be a whole number from 1 to 7776000.',
      ],
      [entry({ key: 7 }), 'MalformedJSON: entries[1].key must be a text.'],
      [
        entry({ prefix: 'a', versionId: 'x' }),
        'MalformedJSON: entries[1].versionId is not known here.',
      ],
      [
        entry({ key: 'a', glob: 'b' }),
        'MalformedJSON: entries[1] must have one of key, prefix, glob, url and s3.',
      ],
      [entry({}), 'MalformedJSON: entries[1] must have one of key, prefix, glob, url and s3.'],
      [entry({ key: '' }), 'InvalidArgument key: entries[1].key is empty.'],
      [
        entry({ key: 'a'.repeat(1025) }),
        'InvalidArgument key: entries[1].key has more than 1024 bytes.',
      ],
      [
        entry({ url: 'ftp://x', name: 'x' }),
        'InvalidArgument url: entries[1].url is no https URL, and no s3://bucket/key.',
      ],
      [
        entry({ url: 'https://x/y' }),
        'InvalidArgument name: entries[1].name must name the file that is gathered.',
      ],
      [
        entry({ url: 'https://x/y', name: 'y', s3 }),
        'MalformedJSON: entries[1].s3 is not known here.',
      ],
      [
        entry({ s3: { ...s3, secretAccessKey: undefined } }),
        'MalformedJSON: entries[1].s3.secretAccessKey must be a text.',
      ],
      [
        entry({ s3: { ...s3, endpoint: 'https://x/y' } }),
        'InvalidArgument endpoint: entries[1].s3.endpoint is no https URL of a server alone.',
      ],
      [
        entry({ s3: { ...s3, bucket: 'a/b' } }),
        'InvalidArgument s3: entries[1].s3 names no object.',
      ],
    ]
    for (const [json, refusal] of refused) {
      assert.equal(
        refusalOf(() => parseJson(bundleRequest, json)),
        refusal,
      )
    }
  })

  test('of archives name what is wrong within the destination', () => {
    const order = (destination: object) => () =>
      parseJson(archiveOrder, { bucket: 'b', destination })
    assert.equal(
      refusalOf(order({ bucket: 'b', key: '' })),
      'InvalidArgument key: destination.key is empty.',
    )
    assert.equal(
      refusalOf(order({ bucket: 'b' })),
      'MalformedJSON: destination.key must be a text.',
    )
    assert.match(refusalOf(order({ bucket: 'b', key: 'a'.repeat(1025) })), /^KeyTooLongError/)
  })

  test('come out as they were meant', () => {
    const request = parseJson(bundleRequest, {
      bucket: 'photos',
      entries: [
        { prefix: 'a/' },
        { url: 's3://b/c/d.txt', s3: { accessKeyId: 'A', secretAccessKey: 'S' } },
      ],
      fileName: 'all',
      options: {},
    })
    assert.deepEqual(request, {
      bucketName: 'photos',
      fileName: 'all.zip',
      lifeMs: 7 * 86_400_000,
      windows: false,
      selections: [
        { is: 'prefix', prefix: 'a/', folder: '' },
        {
          is: 'external',
          name: 'c/d.txt',
          source: {
            is: 's3',
            region: 'us-east-1',
            bucket: 'b',
            key: 'c/d.txt',
            credentials: { accessKeyId: 'A', secretAccessKey: 'S' },
          },
        },
      ],
    })
  })
})
