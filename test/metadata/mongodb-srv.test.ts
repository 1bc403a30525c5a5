// An address as `mongodb+srv://`: where the servers are, and what else there is to say of them, is in DNS.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { connectMongo } from '../../metadata/mongodb/mongo-connection.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { makeBucket } from '../contracts/metadata-fixture.ts'
import { type CertificateFiles, makeCertificates } from '../support/certificates.ts'
import { type MongoServer, startOwnMongoServer } from '../support/mongo-server.ts'
import { type NameRecord, NameServer } from '../support/name-server.ts'
import { describeOnMongo } from '../support/on-mongo.ts'

const service = 'db.holdfast.test'
const host = 'one.db.holdfast.test'

describeOnMongo('mongodb: an address that DNS knows more of', (test) => {
  let files: CertificateFiles
  let server: MongoServer
  let names: NameServer
  test.before(async () => {
    files = await makeCertificates([host])
    server = await startOwnMongoServer()
    await server.kill()
    await server.restart({ tls: { ...files.server, authority: files.authority } })
    const { port, searchParams } = new URL(server.uri)
    const at = (target: string): NameRecord => ({ type: 'SRV', port: Number(port), target })
    const set: NameRecord = {
      type: 'TXT',
      text: `replicaSet=${searchParams.get('replicaSet')}`,
    }
    const own = (name: string) => `_mongodb._tcp.${name}`
    names = await NameServer.start({
      records: {
        [own(service)]: [at(host)],
        [service]: [set],
        [host]: [{ type: 'A', address: '127.0.0.1' }],
        [own('weak.holdfast.test')]: [at('one.weak.holdfast.test')],
        'weak.holdfast.test': [{ type: 'TXT', text: 'w=1' }],
        [own('foreign.holdfast.test')]: [at('db.elsewhere.test')],
      },
      failing: [own('failing.holdfast.test')],
      silent: [own('silent.holdfast.test')],
    })
  })
  test.after(async () => {
    await names.close()
    await server.stop()
    await files.discard()
  })

  const uri = (name: string, options = '') =>
    `mongodb+srv://${name}/srv?tlsCAFile=${encodeURIComponent(files.authority)}&serverSelectionTimeoutMS=2000${options}`

  test('is served over TLS by the servers that it names, as the replica set that it names', async () => {
    await initDatabaseAt({ uri: uri(service) })
    const store = await MongoMetadataStore.open({ uri: uri(service), random: randomBytes })
    try {
      const bucket = await makeBucket(store, 'one')
      assert.deepEqual(await store.buckets.get(defaultNamespace, 'one'), bucket)
      const { options } = store.database.db.client
      assert.equal(options.tls, true)
      assert.equal(options.replicaSet, new URL(server.uri).searchParams.get('replicaSet'))
      assert.equal(options.writeConcern?.w, 'majority')
      assert.equal(store.database.db.databaseName, 'srv')
    } finally {
      await store.close()
    }
  })

  test('is out of reach while nobody knows where it points to, and without TLS', async () => {
    for (const name of ['nobody.holdfast.test', 'failing.holdfast.test', 'silent.holdfast.test']) {
      await assert.rejects(connectMongo({ uri: uri(name) }), StoreUnavailable, name)
    }
    await assert.rejects(connectMongo({ uri: uri(service, '&tls=false') }), StoreUnavailable)
  })

  test('is refused when it points to servers of others, or its text would weaken writes', async () => {
    await assert.rejects(connectMongo({ uri: uri('foreign.holdfast.test') }), /parent/i)
    await assert.rejects(connectMongo({ uri: uri('weak.holdfast.test') }), /Text record/i)
  })
})
