// The AWS SDK for JavaScript: ACLs of buckets and objects, object ownership, and what an account blocks of public access.
import assert from 'node:assert'
import { Agent } from 'node:http'
import type { LookupFunction } from 'node:net'
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketOwnershipControlsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectAclCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import {
  DeletePublicAccessBlockCommand as DeleteAccountPublicAccessBlockCommand,
  GetPublicAccessBlockCommand as GetAccountPublicAccessBlockCommand,
  PutPublicAccessBlockCommand as PutAccountPublicAccessBlockCommand,
  S3ControlClient,
} from '@aws-sdk/client-s3-control'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { accountId, ownerId } from '../../gateway/access/owner.ts'
import { describe } from '../support/describe.ts'
import { rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, clientKey, clientRegion, workerCounts } from './client-server.ts'

const Bucket = 'listed'
const ID = ownerId(rootTenantId)
const AccountId = accountId(rootTenantId)
const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers'

const everywhereHere: LookupFunction = (_host, { all }, answer) => {
  if (all) answer(null, [{ address: '127.0.0.1', family: 4 }])
  else answer(null, '127.0.0.1', 4)
}

function aclTests(workers: number): void {
  describe(`the AWS SDK on ACLs, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    let control: S3ControlClient
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      control = new S3ControlClient({
        // The account is put before the host's name: whoever serves that has a wildcard in the DNS.
        endpoint: `http://localhost:${server.port}`,
        ...{ region: clientRegion, credentials: clientKey, maxAttempts: 1 },
        requestHandler: { httpAgent: new Agent({ lookup: everywhereHere }) },
      })
    })
    test.after(async () => {
      sdk.destroy()
      control.destroy()
      await server.close()
    })
    /** In several processes, one after the other. */
    const statuses = async (key: string) => {
      const url = `${server.endpoint}/${Bucket}/${key}`
      const replies = Array.from({ length: 8 }, () => fetch(url))
      return [...new Set((await Promise.all(replies)).map(({ status }) => status))]
    }
    const permissionsOf = (grants: readonly { Permission?: string | undefined }[] | undefined) =>
      grants?.map(({ Permission }) => Permission)

    test('a new bucket has none, and says so', async () => {
      await sdk.send(new CreateBucketCommand({ Bucket }))
      const { OwnershipControls: controls } = await sdk.send(
        new GetBucketOwnershipControlsCommand({ Bucket }),
      )
      assert.deepStrictEqual(controls?.Rules, [{ ObjectOwnership: 'BucketOwnerEnforced' }])
      const put = { Bucket, Key: 'page', Body: 'for all' }
      await rejectsWith(
        sdk.send(new PutObjectCommand({ ...put, ACL: 'public-read' })),
        'AccessControlListNotSupported',
        400,
      )
      await sdk.send(new PutObjectCommand({ ...put, ACL: 'bucket-owner-full-control' }))
      const acl = await sdk.send(new GetBucketAclCommand({ Bucket }))
      assert.strictEqual(acl.Owner?.ID, ID)
      assert.deepStrictEqual(permissionsOf(acl.Grants), ['FULL_CONTROL'])
    })

    test('with another ownership they count, in every process at once', async () => {
      await sdk.send(
        new PutBucketOwnershipControlsCommand({
          ...{
            Bucket,
            OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' }] },
          },
        }),
      )
      const share = { Bucket, Key: 'page', ACL: 'public-read' } as const
      await rejectsWith(sdk.send(new PutObjectAclCommand(share)), 'AccessDenied', 403)
      await sdk.send(new DeletePublicAccessBlockCommand({ Bucket }))
      assert.deepStrictEqual(await statuses('page'), [403])
      await sdk.send(new PutObjectAclCommand(share))
      assert.deepStrictEqual(await statuses('page'), [200])
      const { Grants, Owner } = await sdk.send(new GetObjectAclCommand({ Bucket, Key: 'page' }))
      assert.deepStrictEqual(Grants?.[1], {
        Grantee: { Type: 'Group', URI: everybody },
        Permission: 'READ',
      })
      const whole = {
        Owner,
        Grants: [{ Grantee: { Type: 'CanonicalUser', ID }, Permission: 'FULL_CONTROL' }],
      } as const
      await sdk.send(
        new PutObjectAclCommand({
          ...{ Bucket, Key: 'page' },
          AccessControlPolicy: { Owner, Grants: [...whole.Grants] },
        }),
      )
      assert.deepStrictEqual(await statuses('page'), [403])
    })

    test('buckets have theirs, by name, grants and document', async () => {
      await sdk.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read-write' }))
      const named = await sdk.send(new GetBucketAclCommand({ Bucket }))
      assert.deepStrictEqual(permissionsOf(named.Grants), ['FULL_CONTROL', 'READ', 'WRITE'])
      await sdk.send(new PutBucketAclCommand({ Bucket, GrantRead: `uri="${everybody}"` }))
      assert.deepStrictEqual(await statuses(''), [200])
      await rejectsWith(
        sdk.send(new PutBucketAclCommand({ Bucket, GrantRead: 'emailAddress="a@b.example"' })),
        'MethodNotAllowed',
        405,
      )
      const { Owner } = await sdk.send(new GetBucketAclCommand({ Bucket }))
      const Grants = [
        { Grantee: { Type: 'CanonicalUser', ID }, Permission: 'FULL_CONTROL' },
      ] as const
      await sdk.send(
        new PutBucketAclCommand({ Bucket, AccessControlPolicy: { Owner, Grants: [...Grants] } }),
      )
      assert.deepStrictEqual(await statuses(''), [403])
      await rejectsWith(sdk.send(new PutBucketAclCommand({ Bucket })), 'MissingSecurityHeader', 400)
    })

    test('uploads in parts and new buckets are given one, and listings show owners', async () => {
      const shared = { Bucket: 'listed-too', ACL: 'authenticated-read' } as const
      const refused = sdk.send(
        new CreateBucketCommand({ ...shared, ObjectOwnership: 'ObjectWriter' }),
      )
      await rejectsWith(refused, 'InvalidBucketAclWithBlockPublicAccessError', 400)
      await rejectsWith(
        sdk.send(new CreateBucketCommand(shared)),
        'InvalidBucketAclWithObjectOwnership',
        400,
      )
      const upload = { Bucket, Key: 'parts', ACL: 'public-read' } as const
      await sdk.send(new CreateMultipartUploadCommand(upload))
      const { Uploads } = await sdk.send(new ListMultipartUploadsCommand({ Bucket }))
      assert.strictEqual(Uploads?.[0]?.Owner?.ID, ID)
      const { Contents } = await sdk.send(new ListObjectsV2Command({ Bucket, FetchOwner: true }))
      assert.strictEqual(Contents?.[0]?.Owner?.ID, ID)
    })

    test('what the account blocks is blocked in its buckets', async () => {
      await sdk.send(new PutObjectAclCommand({ Bucket, Key: 'page', ACL: 'public-read' }))
      assert.deepStrictEqual(await statuses('page'), [200])
      await assert.rejects(control.send(new GetAccountPublicAccessBlockCommand({ AccountId })), {
        name: 'NoSuchPublicAccessBlockConfiguration',
      })
      const blocked = { BlockPublicAcls: true, IgnorePublicAcls: true }
      await control.send(
        new PutAccountPublicAccessBlockCommand({
          ...{ AccountId, PublicAccessBlockConfiguration: blocked },
        }),
      )
      const found = await control.send(new GetAccountPublicAccessBlockCommand({ AccountId }))
      assert.deepStrictEqual(found.PublicAccessBlockConfiguration, {
        ...blocked,
        ...{ BlockPublicPolicy: false, RestrictPublicBuckets: false },
      })
      await rejectsWith(
        sdk.send(new PutObjectAclCommand({ Bucket, Key: 'page', ACL: 'public-read' })),
        'AccessDenied',
        403,
      )
      // Other processes hear of it within a second.
      while ((await statuses('page')).includes(200))
        await new Promise((done) => setTimeout(done, 50))
      await control.send(new DeleteAccountPublicAccessBlockCommand({ AccountId }))
      while ((await statuses('page')).includes(403))
        await new Promise((done) => setTimeout(done, 50))
    })

    test('taken away, ownership is the writer’s', async () => {
      await sdk.send(new DeleteBucketOwnershipControlsCommand({ Bucket }))
      await rejectsWith(
        sdk.send(new GetBucketOwnershipControlsCommand({ Bucket })),
        'OwnershipControlsNotFoundError',
        404,
      )
      assert.deepStrictEqual(await statuses('page'), [200])
    })
  })
}

for (const workers of workerCounts) aclTests(workers)
