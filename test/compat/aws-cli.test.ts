// The AWS command line: `aws s3` with files and trees, `aws s3api` with what it has no word for.
import assert from 'node:assert'
import { rmSync, writeFileSync } from 'node:fs'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { awsFor } from './aws-cli-client.ts'
import { ClientServer, sha256OfFile, workerCounts } from './client-server.ts'
import { fingerprintOf, writeTree } from './random-tree.ts'
import { type Client, describeWithClient } from './run-client.ts'

const random = seededBytes()

function awsCliTests(workers: number): void {
  describe(`the AWS command line, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let aws: Client
    const s3 = (...argv: readonly string[]) => aws.run('s3', ...argv)
    const api = async (...argv: readonly string[]) => {
      const printed = await aws.run('s3api', ...argv)
      return printed === '' ? {} : JSON.parse(printed)
    }
    test.before(async () => {
      server = await ClientServer.start(workers)
      aws = awsFor(server)
      await s3('mb', 's3://commands')
    })
    test.after(() => server.close())

    test('copies a file there, and back through a pipe', async () => {
      writeFileSync(server.path('file'), random.bytes(100_000))
      await s3('cp', '--no-progress', 'file', 's3://commands/a folder/ümlaut+%25.bin')
      await s3('cp', '--no-progress', 's3://commands/a folder/ümlaut+%25.bin', 'got')
      assert.strictEqual(sha256OfFile(server.path('got')), sha256OfFile(server.path('file')))
      writeFileSync(server.path('text'), 'hello')
      await s3('cp', '--no-progress', '--content-type', 'text/x-test', 'text', 's3://commands/text')
      assert.strictEqual(await s3('cp', 's3://commands/text', '-'), 'hello')
      const head = await api('head-object', '--bucket', 'commands', '--key', 'text')
      assert.deepStrictEqual([head.ContentLength, head.ContentType], [5, 'text/x-test'])
      assert.match(await s3('ls', 's3://commands/'), /PRE a folder\/\n.* 5 text/)
    })

    test('opens a bucket by a policy, and closes it again', async () => {
      const bucket = ['--bucket', 'opened']
      await s3('mb', 's3://opened')
      writeFileSync(server.path('page'), 'for all')
      await s3('cp', '--no-progress', 'page', 's3://opened/page')
      const policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: {
          ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' },
          Resource: 'arn:aws:s3:::opened/*',
        },
      })
      const { PublicAccessBlockConfiguration: block } = await api(
        'get-public-access-block',
        ...bucket,
      )
      assert.ok(Object.values(block).every((value) => value === true))
      await aws.fails('s3api', 'put-bucket-policy', ...bucket, '--policy', policy)
      await api('delete-public-access-block', ...bucket)
      await api('put-bucket-policy', ...bucket, '--policy', policy)
      const { PolicyStatus: status } = await api('get-bucket-policy-status', ...bucket)
      assert.strictEqual(status.IsPublic, true)
      assert.strictEqual((await api('get-bucket-policy', ...bucket)).Policy, policy)
      const read = async () => (await fetch(`${server.endpoint}/opened/page`)).status
      assert.strictEqual(await read(), 200)
      const blocking = 'BlockPublicPolicy=true,RestrictPublicBuckets=true'
      await api(
        ...['put-public-access-block', ...bucket],
        ...['--public-access-block-configuration', blocking],
      )
      assert.strictEqual(await read(), 403)
      await api('delete-bucket-policy', ...bucket)
      assert.match(await aws.fails('s3api', 'get-bucket-policy', ...bucket), /NoSuchBucketPolicy/)
    })

    test('sends a large file in parts, copies it on the server in parts, and moves it', async () => {
      writeFileSync(server.path('large'), random.bytes(33 * 1024 * 1024 + 3))
      await s3('cp', '--no-progress', 'large', 's3://commands/large')
      const head = await api('head-object', '--bucket', 'commands', '--key', 'large')
      assert.match(head.ETag, /-5"$/)
      await s3('cp', '--no-progress', 's3://commands/large', 's3://commands/copied')
      await s3('mv', '--no-progress', 's3://commands/copied', 's3://commands/moved')
      await s3('cp', '--no-progress', 's3://commands/moved', 'fetched')
      assert.strictEqual(sha256OfFile(server.path('fetched')), sha256OfFile(server.path('large')))
      await aws.fails('s3', 'cp', 's3://commands/copied', '-')
    })

    test('syncs a tree, the second time nothing, and fetches it back equal', async () => {
      writeTree(server.path('tree'), random, 200)
      await s3('sync', '--no-progress', 'tree', 's3://commands/tree')
      assert.strictEqual(await s3('sync', '--no-progress', 'tree', 's3://commands/tree'), '')
      await s3('sync', '--no-progress', 's3://commands/tree', 'back')
      assert.deepStrictEqual(fingerprintOf(server.path('back')), fingerprintOf(server.path('tree')))
      rmSync(server.path('tree/odd names'), { recursive: true })
      const removed = await s3('sync', '--no-progress', '--delete', 'tree', 's3://commands/tree')
      assert.strictEqual(removed.match(/^delete: /gm)?.length, 13)
    })

    test('presigns an address', async () => {
      const url = (await s3('presign', 's3://commands/text', '--expires-in', '60')).trim()
      assert.strictEqual(await (await fetch(url)).text(), 'hello')
      const other = await fetch(url.replace('text', 'large'))
      assert.deepStrictEqual(
        [other.status, /SignatureDoesNotMatch/.test(await other.text())],
        [403, true],
      )
    })

    test('versions, tags, ranges and attributes', async () => {
      await api('create-bucket', '--bucket', 'versions')
      const bucket = ['--bucket', 'versions']
      const key = [...bucket, '--key', 'k']
      await api('put-bucket-versioning', ...bucket, '--versioning-configuration', 'Status=Enabled')
      const first = await api('put-object', ...key, '--body', 'file', '--tagging', 'a=1')
      await api('put-object', ...key, '--body', 'text', '--checksum-algorithm', 'SHA256')
      const listed = await api('list-object-versions', ...bucket)
      assert.strictEqual(listed.Versions.length, 2)
      const tags = await api('get-object-tagging', ...key, '--version-id', first.VersionId)
      assert.deepStrictEqual(tags.TagSet, [{ Key: 'a', Value: '1' }])
      const part = await api('get-object', ...key, '--range', 'bytes=1-3', 'part')
      assert.strictEqual(part.ContentRange, 'bytes 1-3/5')
      const shown = ['--object-attributes', 'ObjectSize', 'Checksum']
      const attributes = await api('get-object-attributes', ...key, ...shown)
      assert.strictEqual(attributes.ObjectSize, 5)
      const deleted = await api('delete-object', ...key)
      assert.strictEqual(deleted.DeleteMarker, true)
      assert.match(await aws.fails('s3api', 'get-object', ...key, 'none'), /NoSuchKey/)
      const paged = await api('list-object-versions', ...bucket, '--page-size', '1')
      assert.deepStrictEqual([paged.Versions.length, paged.DeleteMarkers.length], [2, 1])
    })

    test('CORS rules', async () => {
      const bucket = ['--bucket', 'commands']
      const rule = { AllowedMethods: ['PUT'], AllowedOrigins: ['*'], ExposeHeaders: ['ETag'] }
      const rules = { CORSRules: [{ ...rule, ID: 'of the cli', MaxAgeSeconds: 5 }] }
      const missing = await aws.fails('s3api', 'get-bucket-cors', ...bucket)
      assert.match(missing, /NoSuchCORSConfiguration/)
      const set = ['put-bucket-cors', ...bucket, '--cors-configuration', JSON.stringify(rules)]
      await api(...set)
      assert.deepStrictEqual(await api('get-bucket-cors', ...bucket), rules)
      await api('delete-bucket-cors', ...bucket)
      await aws.fails('s3api', 'get-bucket-cors', ...bucket)
    })

    test('conditions, and errors as AWS names them', async () => {
      const put = ['put-object', '--bucket', 'commands', '--key', 'text', '--body', 'file']
      assert.match(await aws.fails('s3api', ...put, '--if-none-match', '*'), /PreconditionFailed/)
      assert.match(await aws.fails('s3', 'ls', 's3://never-made'), /NoSuchBucket/)
      assert.match(await aws.fails('s3', 'rb', 's3://commands'), /BucketNotEmpty/)
    })

    test('removes everything', async () => {
      await s3('rm', '--recursive', '--only-show-errors', 's3://commands')
      assert.strictEqual(await s3('ls', '--recursive', 's3://commands'), '')
      await s3('rb', 's3://commands')
    })
  })
}

describeWithClient({ name: 'aws cli', probe: ['aws', '--version'] }, () => {
  for (const workers of workerCounts) awsCliTests(workers)
})
