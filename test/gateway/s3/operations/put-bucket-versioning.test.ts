import assert from 'node:assert/strict'
import { putBucketVersioning } from '../../../../gateway/s3/operations/put-bucket-versioning.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'

const configuration = (inner: string) =>
  `<VersioningConfiguration>${inner}</VersioningConfiguration>`

describe('PutBucketVersioning', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('photos')
  })
  test.after(() => harness.close())

  const state = async () =>
    (await harness.services.metadata.buckets.get(defaultNamespace, 'photos'))?.versioning

  test('enables, suspends and enables again', async () => {
    for (const status of ['Enabled', 'Suspended', 'Suspended', 'Enabled']) {
      const body = configuration(`<Status>${status}</Status>`)
      const reply = await harness.run(putBucketVersioning, { bucket: 'photos', body })
      assert.equal(reply.status, 200)
      assert.equal(await state(), status.toLowerCase())
    }
  })

  test('changes nothing for what it refuses', async () => {
    const refused = [
      ['', 'MissingRequestBodyError'],
      ['<VersioningConfiguration>', 'MalformedXML'],
      [configuration(''), 'IllegalVersioningConfigurationException'],
      [configuration('<Status>Off</Status>'), 'MalformedXML'],
      [configuration('<Status>Suspended</Status><MfaDelete>Enabled</MfaDelete>'), 'NotImplemented'],
    ] as const
    for (const [body, code] of refused) {
      const error = await harness.refusal(putBucketVersioning, { bucket: 'photos', body })
      assert.equal(error.code, code)
    }
    assert.equal(await state(), 'enabled')
  })

  test('does not find what is not there', async () => {
    const body = configuration('<Status>Enabled</Status>')
    const error = await harness.refusal(putBucketVersioning, { bucket: 'nothing', body })
    assert.equal(error.code, 'NoSuchBucket')
  })
})
