// A data node behind TLS: who shows a certificate of the cluster's authority calls it, everybody else may ask for health.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RemoteBlobStore } from '../../../datanode/remote/remote-blob-store.ts'
import { createDataNode } from '../../../datanode/server/data-node.ts'
import { makeCertificate } from '../../compat/tls-certificate.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { MemoryBlobStore } from '../../support/memory-blob-store.ts'
import { testChunk, testRef, wholeOf } from '../sealed-chunk-fixture.ts'
import { ServedNode, secret } from '../served-node.ts'

type Pem = { readonly cert: string; readonly key: string }

describe('a data node with certificates', (test) => {
  const random = new SeededRandom(Date.now() % 2 ** 31)
  let folder = ''
  let own: Pem
  let foreign: Pem
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-certificates-'))
    const made = (name: string): Pem => {
      const { cert, key } = makeCertificate(folder, name)
      return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
    }
    own = made('the cluster')
    foreign = made('somebody else')
  })
  test.after(() => rm(folder, { recursive: true }))

  test('takes calls of who shows one, whatever the size, and of nobody else', async () => {
    const served = await ServedNode.start({ tls: { ...own, ca: own.cert } })
    try {
      const known = await RemoteBlobStore.open({
        endpoint: served.url,
        tls: { ...own, ca: own.cert },
      })
      const chunk = testChunk(random, 3_000_000)
      assert.deepEqual(await known.write(chunk), { is: 'stored' })
      const read = await known.read(chunk.ref, wholeOf(chunk))
      assert(read.is === 'found' && read.frames.equals(chunk.frames))
      await known.close()
      const other = await served.client({ tls: { ...foreign, ca: own.cert } })
      assert.deepEqual(await other.hasMany([chunk.ref]), ['unavailable'])
      const none = await served.client({ tls: { ca: own.cert } })
      assert.deepEqual(await none.hasMany([chunk.ref]), ['unavailable'])
      assert.deepEqual(await served.store.hasMany([chunk.ref]), ['good'])
    } finally {
      await served.stop()
    }
  })

  test('is not believed by who trusts another authority', async () => {
    const served = await ServedNode.start({ tls: own, secret })
    try {
      const told: unknown[] = []
      const distrustful = await served.client({
        tls: { ca: foreign.cert },
        deadlineMs: 500,
        onUnavailable: (cause) => told.push(cause),
      })
      do assert.deepEqual(await distrustful.hasMany([testRef(random)]), ['unavailable'])
      while (!told.some((cause) => /certificate/.test(String(cause))))
      const client = await served.client({ tls: { ca: own.cert } })
      assert.deepEqual(await client.hasMany([testRef(random)]), ['absent'])
    } finally {
      await served.stop()
    }
  })

  test('and neither is made without anything to show, nor called where all could see it', async () => {
    const parts = {
      node: new MemoryBlobStore(),
      nextRequestId: () => '1',
      onFailure: () => undefined,
      check: async () => undefined,
    }
    assert.throws(() => createDataNode(parts), /a data node that anybody may call/)
    assert.throws(() => createDataNode({ ...parts, tls: own }), /that anybody may call/)
    const isBad = { name: 'BadRemoteOptions' }
    const endpoint = new URL('http://chunks.example:9003')
    await assert.rejects(RemoteBlobStore.open({ endpoint, secret }), isBad)
    await assert.rejects(RemoteBlobStore.open({ endpoint: new URL('http://127.0.0.1:1') }), isBad)
  })
})
