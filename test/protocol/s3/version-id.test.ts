import assert from 'node:assert/strict'
import { parseVersionId } from '../../../protocol/s3/version-id.ts'
import { describe } from '../../support/describe.ts'

describe('version ids', (test) => {
  test('are null or 32 lower-case hex digits', () => {
    assert.equal(parseVersionId('null'), 'null')
    const id = '0123456789abcdef0123456789abcdef'
    assert.equal(parseVersionId(id), id)
  })

  test('that this server cannot have issued are invalid arguments', () => {
    for (const raw of ['x', '0123456789ABCDEF0123456789ABCDEF', `${'0'.repeat(33)}`, 'NULL']) {
      assert.throws(() => parseVersionId(raw, 'version-id-marker'), {
        code: 'InvalidArgument',
        message: 'Invalid version id specified',
        details: { ArgumentName: 'version-id-marker', ArgumentValue: raw },
      })
    }
    assert.throws(() => parseVersionId(''), {
      code: 'InvalidArgument',
      message: 'Version id cannot be the empty string',
      details: { ArgumentName: 'versionId', ArgumentValue: '' },
    })
  })
})
