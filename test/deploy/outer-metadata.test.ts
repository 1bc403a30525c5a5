// A server whose metadata lie outside of its data directory: it starts again on both, refuses what does not belong
// together, and goes on on the operator's word.
import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { clientKey, clientRegion, startHoldfast } from '../compat/client-server.ts'
import { describe } from '../support/describe.ts'
import { makeTemporaryDirectory, StartedServer } from '../support/started-server.ts'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
const Bucket = 'one'
const body = (text: string) => text.repeat(100_000)

describe('metadata outside of the data directory', (test) => {
  const directory = makeTemporaryDirectory()
  const place = (name: string) => join(directory.path, name)
  const location = `lmdb:${place('names')}`
  test.after(() => directory.remove())

  async function withServer(
    data: string,
    work: (client: S3Client) => Promise<void>,
    workers = 2,
  ): Promise<void> {
    const argv = ['--metadata', location]
    const server = startHoldfast({ data: place(data), workers, argv })
    const { s3 } = await server.listening()
    const client = new S3Client({
      ...{ endpoint: s3, region: clientRegion, credentials: clientKey, forcePathStyle: true },
    })
    try {
      await work(client)
    } finally {
      client.destroy()
      assert.equal(await server.stop(), 0, server.output)
    }
  }

  async function refused(data: string, argv: readonly string[]): Promise<string> {
    const server = startHoldfast({ data: place(data), workers: 1, argv })
    assert.notEqual(await server.end(), 0, server.output)
    return server.output
  }

  async function recover(...argv: readonly string[]): Promise<StartedServer> {
    const flags = ['--data', place('data'), '--metadata', location, ...argv]
    const command = new StartedServer({ program, argv: ['recover', ...flags] })
    await command.end()
    return command
  }

  test('are those of the server, in one process as in several, and after it was started again', async () => {
    await withServer('data', async (client) => {
      await client.send(new CreateBucketCommand({ Bucket }))
      await client.send(new PutObjectCommand({ Bucket, Key: 'first', Body: body('1') }))
    })
    cpSync(place('names'), place('older'), { recursive: true })
    await withServer(
      'data',
      async (client) => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'first' }))
        assert.equal(await Body?.transformToString(), body('1'))
        await client.send(new PutObjectCommand({ Bucket, Key: 'second', Body: body('2') }))
      },
      1,
    )
  })

  test('are of one data directory: another one, or none of that name, is refused', async () => {
    assert.match(await refused('other', ['--metadata', location]), /chunks that they refer to/)
    assert.match(await refused('data', []), /metadata that say what they are of are missing/)
  })

  test('that are older than the chunks are refused, and taken on the word of the operator alone', async () => {
    rmSync(place('names'), { recursive: true })
    cpSync(place('older'), place('names'), { recursive: true })
    const why = await refused('data', ['--metadata', location])
    assert.match(why, /are older than the chunks/)
    assert.match(why, /holdfast recover --data .* --metadata/)
    const told = await recover()
    assert.equal(told.child.exitCode, 1, told.output)
    assert.match(told.output, /refer to 1 chunks, of which 0 are missing/)
    assert.match(told.output, /About 1 chunks are not known/)
    assert.match(await refused('data', ['--metadata', location]), /older/)
    assert.equal((await recover('--yes')).child.exitCode, 0)
    await withServer('data', async (client) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'first' }))
      assert.equal(await Body?.transformToString(), body('1'))
      const second = new GetObjectCommand({ Bucket, Key: 'second' })
      await assert.rejects(client.send(second), { name: 'NoSuchKey' })
    })
    assert.match((await recover()).output, /nothing to recover/)
  })
})
