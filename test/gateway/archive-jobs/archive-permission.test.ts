// What somebody must be allowed to do who asks for an archive job: the job itself asks no more.
import assert from 'node:assert'
import { permitOrder } from '../../../gateway/archive-jobs/archive-permission.ts'
import { parseTenantId } from '../../../metadata/record-ids.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

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
  's3:GetObject files/docs/',
  's3:PutObject results/x.zip',
]

/** What is asked for when all is granted but `denied`. */
async function askedWithout(denied: string | undefined): Promise<readonly string[]> {
  const asked: string[] = []
  const tenantId = parseTenantId('tenant') ?? assert.fail()
  const identity = { tenantId, userName: 'somebody', accessKeyId: 'AKIA' }
  const services = {
    authorize: async ({
      action,
      resource,
    }: {
      action: string
      resource: { bucket: string; key: string }
    }) => {
      const question = `${action} ${resource.bucket}/${resource.key}`
      asked.push(question)
      return question !== denied
    },
  }
  await permitOrder({ services, identity }, order)
  return asked
}

describe('the permissions of an archive job', (test) => {
  test('are those to make one, to list and read its source, and to write its destination', async () => {
    assert.deepStrictEqual(await askedWithout(undefined), needed)
  })

  test('are all needed', async () => {
    for (const denied of needed) {
      await assert.rejects(
        askedWithout(denied),
        (cause) => cause instanceof S3Error && cause.code === 'AccessDenied',
        denied,
      )
    }
  })
})
