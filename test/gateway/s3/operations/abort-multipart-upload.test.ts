// AbortMultipartUpload against the real embedded engines.
import assert from 'node:assert'
import { abortMultipartUpload } from '../../../../gateway/s3/operations/abort-multipart-upload.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'
import { MultipartClient } from '../../../support/multipart-client.ts'

const target = { bucket: 'uploads', key: 'k' }

describe('AbortMultipartUpload', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(target.bucket)
  })
  test.after(() => harness.close())

  test('ends the upload: nothing can be done with it any more', async () => {
    const upload = await MultipartClient.begin(harness, target)
    const part = await upload.put(1, Buffer.alloc(9000, 1))
    const reply = await harness.run(abortMultipartUpload, upload.request(''))
    assert.deepEqual(reply, { status: 204 })
    assert.equal((await upload.completeRefused([part])).code, 'NoSuchUpload')
    const again = await harness.refusal(abortMultipartUpload, upload.request(''))
    assert.equal(again.code, 'NoSuchUpload')
  })

  test('leaves a completed upload alone', async () => {
    const upload = await MultipartClient.begin(harness, target)
    await upload.complete([await upload.put(1, Buffer.from('x'))])
    const error = await harness.refusal(abortMultipartUpload, upload.request(''))
    assert.equal(error.code, 'NoSuchUpload')
  })

  test('may ask for the second in which the upload was initiated', async () => {
    const upload = await MultipartClient.begin(harness, target)
    const at = (time: string) =>
      upload.request('', { headers: { 'x-amz-if-match-initiated-time': time } })
    const other = await harness.refusal(abortMultipartUpload, at('Sat, 21 Nov 2026 08:00:01 GMT'))
    assert.equal(other.code, 'PreconditionFailed')
    assert.equal((await harness.refusal(abortMultipartUpload, at('noon'))).code, 'InvalidArgument')
    const reply = await harness.run(abortMultipartUpload, at('Sat, 21 Nov 2026 08:00:00 GMT'))
    assert.equal(reply.status, 204)
  })
})
