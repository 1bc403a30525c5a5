import assert from 'node:assert/strict'
import {
  readVersioningConfiguration,
  renderVersioningConfiguration,
} from '../../../../protocol/s3/xml/versioning-configuration.ts'
import { describe } from '../../../support/describe.ts'

const read = (inner: string) =>
  readVersioningConfiguration(
    Buffer.from(
      `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</VersioningConfiguration>`,
    ),
  )

describe('a versioning configuration', (test) => {
  test('is enabled or suspended', () => {
    assert.equal(read('<Status>Enabled</Status>'), 'enabled')
    assert.equal(read('<Status>Suspended</Status>'), 'suspended')
    assert.equal(read('<MfaDelete>Disabled</MfaDelete><Status>Enabled</Status>'), 'enabled')
  })

  test('with another status is malformed, without one illegal, without a body missing', () => {
    for (const status of ['Disabled', 'enabled', '', ' Enabled']) {
      assert.throws(() => read(`<Status>${status}</Status>`), { code: 'MalformedXML' })
    }
    assert.throws(() => read(''), {
      code: 'IllegalVersioningConfigurationException',
      message: 'The Versioning element must be specified',
    })
    assert.throws(() => readVersioningConfiguration(Buffer.alloc(0)), {
      code: 'MissingRequestBodyError',
    })
  })

  test('with anything else in it is malformed', () => {
    for (const more of ['<ExcludedPrefixes/>', '<status>Suspended</status>']) {
      assert.throws(() => read(`<Status>Enabled</Status>${more}`), { code: 'MalformedXML' }, more)
    }
  })

  test('cannot ask for MFA delete', () => {
    for (const name of ['MfaDelete', 'MFADelete']) {
      assert.throws(() => read(`<Status>Enabled</Status><${name}>Enabled</${name}>`), {
        code: 'NotImplemented',
      })
      assert.throws(() => read(`<Status>Enabled</Status><${name}>Maybe</${name}>`), {
        code: 'MalformedXML',
      })
    }
  })

  test('is empty while versioning was never set', () => {
    const head =
      '<?xml version="1.0" encoding="UTF-8"?>\n<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    const tail = '</VersioningConfiguration>'
    assert.equal(renderVersioningConfiguration('off'), head + tail)
    assert.equal(renderVersioningConfiguration('enabled'), `${head}<Status>Enabled</Status>${tail}`)
    assert.equal(
      renderVersioningConfiguration('suspended'),
      `${head}<Status>Suspended</Status>${tail}`,
    )
  })
})
