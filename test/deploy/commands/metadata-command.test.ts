// `holdfast metadata` as people run it.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RemoteMetadataStore } from '../../../metadata/remote/remote-metadata-store.ts'
import { makeBucket, newVersion } from '../../contracts/metadata-fixture.ts'
import { secretOf } from '../../metadata/served-metadata.ts'
import { describe } from '../../support/describe.ts'
import { makeTemporaryDirectory, StartedServer } from '../../support/started-server.ts'

const program = fileURLToPath(new URL('../../../deploy/holdfast.js', import.meta.url))
const secretText = 'the secret of these tests, 32 bytes'
const env = { HOLDFAST_CLUSTER_SECRET: secretText }

function start(directory: string, listen = '127.0.0.1:0'): StartedServer {
  const argv = ['metadata', '--metadata', `lmdb:${directory}`, '--listen', listen]
  return new StartedServer({ program, argv, env })
}

async function listening(started: StartedServer): Promise<URL> {
  return new URL((await started.printed(/^Listening: metadata (http:\S+)$/m))[1] ?? '')
}

async function withDirectory(body: (path: string) => Promise<void>): Promise<void> {
  const directory = makeTemporaryDirectory()
  try {
    await body(directory.path)
  } finally {
    directory.remove()
  }
}

function clientOf(url: URL): Promise<RemoteMetadataStore> {
  return RemoteMetadataStore.open({
    endpoints: [url],
    secret: secretOf(secretText),
    random: randomBytes,
    deadlineMs: 60_000,
  })
}

describe('holdfast metadata', (test) => {
  test('serves a directory, keeps what is in it over kills and stops, and ends with 0', () =>
    withDirectory(async (path) => {
      const directory = join(path, 'served')
      let service = start(directory)
      const url = await listening(service)
      const client = await clientOf(url)
      try {
        assert.equal((await fetch(new URL('/health/ready', url))).status, 200)
        const bucket = await makeBucket(client, 'one')
        for (const [index, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
          assert.equal(
            (await client.objects.commit(newVersion(bucket, `k${index}`))).is,
            'committed',
          )
          if (signal === 'SIGKILL') await service.kill()
          else assert.equal(await service.stop(), 0)
          // Asked while nobody is there.
          const found = client.objects.get(bucket, `k${index}`)
          service = start(directory, url.host)
          await listening(service)
          assert.equal((await found)?.is, 'object')
        }
      } finally {
        await client.close()
        await service.stop('SIGKILL')
      }
    }))

  test('has its directory alone: no other service and no server takes it', () =>
    withDirectory(async (path) => {
      const directory = join(path, 'served')
      const service = start(directory)
      await listening(service)
      const second = start(directory)
      assert.equal(await second.end(), 1)
      assert.match(second.output, /in use by a server with process id \d+/)
      const serverArgv = ['server', '--data', directory, '--listen', '127.0.0.1:0']
      const serverOf = () =>
        new StartedServer({ program, argv: [...serverArgv, '--admin-listen', '127.0.0.1:0'] })
      for (const state of ['runs', 'has stopped']) {
        const server = serverOf()
        assert.equal(await server.end(), 1, state)
        assert.match(server.output, /belongs to a metadata service/)
        if (state === 'runs') assert.equal(await service.stop(), 0)
      }
      assert.ok(!existsSync(join(directory, 'chunks')))
    }))

  test('takes no directory of a server, of somebody else, or one that lost its note', () =>
    withDirectory(async (path) => {
      const data = join(path, 'data')
      const argv = ['server', '--data', data, '--listen', '127.0.0.1:0', '--workers', '1']
      const server = new StartedServer({
        program,
        argv: [...argv, '--admin-listen', '127.0.0.1:0'],
      })
      await server.listening()
      assert.equal(await server.stop(), 0)
      const others = join(path, 'others')
      mkdirSync(others)
      writeFileSync(join(others, 'letter.txt'), 'dear')
      const lost = join(path, 'lost')
      const service = start(lost)
      await listening(service)
      assert.equal(await service.stop(), 0)
      rmSync(join(lost, 'holdfast-metadata'))
      for (const [directory, why] of [
        [data, /is the data directory of a holdfast server/],
        [others, /holds what is not of a metadata service \(letter\.txt\)/],
        [lost, /has metadata and no file holdfast-metadata/],
      ] as const) {
        const refused = start(directory)
        assert.equal(await refused.end(), 1)
        assert.match(refused.output, why)
      }
      assert.ok(!existsSync(join(others, 'lock')))
    }))

  test('says what is wrong with its settings and ends with 2', async () => {
    const wrong = new StartedServer({ program, argv: ['metadata', '--metadata', 'm'], env })
    assert.equal(await wrong.end(), 2)
    assert.match(wrong.output, /--metadata: .*write lmdb: before it/)
    assert.ok(!wrong.output.includes(secretText))
  })
})
