import assert from 'node:assert/strict'
import {
  type DeletionResult,
  renderDeleteObjects,
} from '../../../../protocol/s3/xml/render-delete-objects.ts'
import { describe } from '../../../support/describe.ts'

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
const results: readonly DeletionResult[] = [
  { is: 'deleted', key: 'plain' },
  { is: 'deleted', key: 'marked', deleteMarkerVersionId: 'M' },
  { is: 'deleted', key: 'version', versionId: 'V' },
  { is: 'deleted', key: 'marker', versionId: 'N', deleteMarkerVersionId: 'N' },
  { is: 'failed', key: 'a&b', versionId: 'W', code: 'AccessDenied', message: 'Access Denied' },
]
const failure =
  '<Error><Key>a&amp;b</Key><VersionId>W</VersionId><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'

describe('the answer of DeleteObjects', (test) => {
  test('tells what became of each key', () => {
    assert.equal(
      renderDeleteObjects(results, { quiet: false }),
      `${head}<Deleted><Key>plain</Key></Deleted>` +
        '<Deleted><Key>marked</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>M</DeleteMarkerVersionId></Deleted>' +
        '<Deleted><Key>version</Key><VersionId>V</VersionId></Deleted>' +
        '<Deleted><Key>marker</Key><VersionId>N</VersionId><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>N</DeleteMarkerVersionId></Deleted>' +
        `${failure}</DeleteResult>`,
    )
  })

  test('tells only failures when quiet', () => {
    assert.equal(renderDeleteObjects(results, { quiet: true }), `${head}${failure}</DeleteResult>`)
  })
})
