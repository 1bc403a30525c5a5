// What somebody must be allowed to do who asks for an archive job: the job itself asks no more.
import assert from 'node:assert'
import { permitOrder } from '../../../gateway/archive-jobs/archive-permission.ts'
import { askerOf } from '../../../gateway/native-api/native-permission.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'
import { GatewayHarness } from '../../support/gateway-harness.ts'
import { resourceName } from '../../support/policy.ts'

const order = {
  bucketName: 'files',
  prefix: 'docs/',
  windows: false,
  destination: { bucketName: 'results', key: 'x.zip' },
  lifeMs: 1000,
}
const needed = [
  'holdfast:CreateArchive files/',
  's3:ListBucket files/',
  's3:PutObject results/x.zip',
]

describe('the permissions of an archive job', (test) => {
  let harness: GatewayHarness
  let denied: string | undefined
  const asked: string[] = []
  const ask = (destination = order.destination) => {
    asked.length = 0
    const call = harness.nativeCall()
    return permitOrder(call, askerOf(call, harness.root), { ...order, destination })
  }
  test.before(async () => {
    harness = await GatewayHarness.open({
      authorize: ({ action, resource }) => {
        const question = `${action} ${resourceName(resource)}`
        asked.push(question)
        return question !== denied
      },
    })
    await harness.makeBucket('files')
    await harness.makeBucket('results')
  })
  test.after(() => harness.close())

  test('are those to make one, to list and read its source, and to write its destination', async () => {
    denied = 's3:GetObject files/docs/secret'
    const { readable } = await ask()
    assert.deepStrictEqual(asked, needed)
    assert.equal(await readable?.('docs/open'), true)
    assert.equal(await readable?.('docs/secret'), false)
    assert.deepStrictEqual(asked.slice(needed.length), ['s3:GetObject files/docs/open', denied])
  })

  test('are all needed', async () => {
    for (denied of needed) {
      await assert.rejects(
        ask(),
        (cause) => cause instanceof S3Error && cause.code === 'AccessDenied',
        denied,
      )
    }
  })

  test('do not lead from one tenant to another', async () => {
    denied = undefined
    await harness.makeBucket('theirs', 'off', harness.addTenant('other').keys.tenantId)
    await assert.rejects(
      ask({ bucketName: 'theirs', key: 'x.zip' }),
      (cause) => cause instanceof S3Error && cause.code === 'InvalidRequest',
    )
  })
})
