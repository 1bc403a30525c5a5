// How the engine on MongoDB is connected: what an address may say, TLS and passwords, and a server that is gone.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { type CommandStartedEvent, MongoClient } from 'mongodb'
import { initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { MongoAddressRefused } from '../../metadata/mongodb/mongo-address.ts'
import { connectMongo } from '../../metadata/mongodb/mongo-connection.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { makeBucket } from '../contracts/metadata-fixture.ts'
import { type CertificateFiles, makeCertificates } from '../support/certificates.ts'
import { type MongoServer, startOwnMongoServer } from '../support/mongo-server.ts'
import { openMongoStore } from '../support/mongo-stores.ts'
import { describeOnMongo } from '../support/on-mongo.ts'

const open = (uri: string) => MongoMetadataStore.open({ uri, random: randomBytes })

/** An address with more options. */
function saying(uri: string, options: Readonly<Record<string, string>>): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(options)) url.searchParams.set(name, value)
  return url.href
}

async function withServer(body: (server: MongoServer) => Promise<void>): Promise<void> {
  const server = await startOwnMongoServer()
  try {
    await body(server)
  } finally {
    await server.stop()
  }
}

/** That of the database that was made comes back, and so what was written over this connection. */
async function assertServes(uri: string): Promise<void> {
  await initDatabaseAt({ uri })
  const store = await open(uri)
  try {
    const bucket = await makeBucket(store, `b-${randomBytes(4).toString('hex')}`)
    assert.deepEqual(await store.buckets.get(defaultNamespace, bucket.name), bucket)
  } finally {
    await store.close()
  }
}

describeOnMongo('mongodb: addresses', (test) => {
  const refuses = (address: string, message: RegExp) =>
    assert.rejects(connectMongo({ uri: address }), (cause) => {
      assert.ok(cause instanceof MongoAddressRefused, inspect(cause))
      assert.match(cause.message, message)
      return true
    })

  test('that would lose writes or show old ones are refused before anybody is asked', async () => {
    const weak = [
      ...['w=1', 'w=0', 'W=2', 'journal=false', 'retryWrites=false', 'retryReads=false'],
      ...['readPreference=secondary', 'readPreference=primaryPreferred', 'readConcernLevel=local'],
      ...['readPreferenceTags=dc:a', 'maxStalenessSeconds=90'],
    ]
    for (const option of weak) {
      const name = option.split('=')[0]
      await refuses(`mongodb://127.0.0.1:1/db?${option}`, new RegExp(`${name} must`))
      await refuses(`mongodb://a:1,b:2/db?tls=true&${option}`, new RegExp(`${name} must`))
    }
    const all = 'mongodb://127.0.0.1:1/?w=1&journal=false&socketTimeoutMS=0'
    await refuses(all, /w must.*journal must.*socketTimeoutMS must/)
  })

  test('that would wait for ever are refused', async () => {
    for (const name of ['socketTimeoutMS', 'connectTimeoutMS', 'waitQueueTimeoutMS']) {
      await refuses(`mongodb://127.0.0.1:1/?${name}=0`, /above 0/)
    }
  })

  test('that are none are refused, without what they say of passwords', async () => {
    const secret = 'p4ssw0rd'
    const wrong = [
      ...[`mongo://user:${secret}@h/`, `mongodb://user:${secret}@h:1/?unknown=1`],
      ...[
        `mongodb://user:${secret}%@h/`,
        `mongodb://user:${secret}@/`,
        `mongodb://u:${secret}@h:port/`,
      ],
    ]
    for (const address of wrong) {
      const failure = await connectMongo({ uri: address }).catch((cause: unknown) => cause)
      assert.ok(failure instanceof MongoAddressRefused, inspect(failure))
      assert.ok(!inspect(failure, { depth: 9 }).includes(secret), address)
    }
  })

  test('may say again what is so anyway, and times of their own', async () => {
    const { uri, store, close } = await openMongoStore()
    try {
      const options = { w: 'majority', journal: 'true', readPreference: 'primary' }
      const usual = uri.replace(/&(waitQueue|socket)TimeoutMS=\d+/g, '')
      const said = saying(usual, { ...options, maxPoolSize: '3' })
      const { client } = await connectMongo({ uri: said })
      assert.equal(client.options.maxPoolSize, 3)
      assert.equal(client.options.socketTimeoutMS, 20_000)
      assert.equal(client.options.writeConcern?.w, 'majority')
      await client.close()
      assert.equal(store.database.db.writeConcern?.journal, true)
    } finally {
      await close()
    }
  })

  test('whatever they say, each command has a time in which the server gives it up', async () => {
    const { uri, close } = await openMongoStore()
    const store = await open(saying(uri, { monitorCommands: 'true' }))
    const unbounded: string[] = []
    const seen = new Set<string>()
    store.database.db.client.on(
      'commandStarted',
      ({ commandName, command }: CommandStartedEvent) => {
        seen.add(commandName)
        const isBounded = typeof command.maxTimeMS === 'number' || commandName === 'hello'
        if (!isBounded) unbounded.push(commandName)
      },
    )
    try {
      const bucket = await makeBucket(store, 'one')
      await store.bucketConfigs.put(bucket, 'tagging', { document: [{ key: 'a', value: 'b' }] })
      await store.owners.begin('owner', 1000)
      await store.buckets.list(bucket.tenantId, {
        namespace: defaultNamespace,
        prefix: '',
        limit: 9,
      })
      await store.buckets.delete(bucket)
      assert.deepEqual(unbounded, [])
      const used = ['insert', 'find', 'findAndModify', 'update', 'delete', 'commitTransaction']
      for (const name of used) assert.ok(seen.has(name), name)
    } finally {
      await store.close()
      await close()
    }
  })
})

describeOnMongo('mongodb: who may connect', (test) => {
  let files: CertificateFiles
  test.before(async () => {
    files = await makeCertificates()
  })
  test.after(() => files.discard())

  test('over TLS, a server whose certificate the authority has signed, and no other', () =>
    withServer(async (server) => {
      await server.kill()
      await server.restart({ tls: { ...files.server, authority: files.authority } })
      const times = { tls: 'true', serverSelectionTimeoutMS: '500' }
      const uri = saying(server.forDatabase('files'), times)
      await assertServes(saying(uri, { tlsCAFile: files.authority }))
      await assert.rejects(open(uri), StoreUnavailable)
    }))

  test('with a certificate of its own, where the server asks for it', () =>
    withServer(async (server) => {
      await server.kill()
      const tls = {
        ...files.server,
        authority: files.authority,
        asksForCertificates: true,
      } as const
      await server.restart({ tls })
      const times = { tls: 'true', tlsCAFile: files.authority, serverSelectionTimeoutMS: '500' }
      const uri = saying(server.forDatabase('files'), times)
      const certificate = { tlsCertificateKeyFile: files.client.certificateAndKey }
      await assertServes(saying(uri, certificate))
      await assert.rejects(open(uri), StoreUnavailable)
    }))

  test('with a certificate in place of a password, of whom the database knows as a user', () =>
    withServer(async (server) => {
      const admin = await new MongoClient(server.uri).connect()
      const roles = [{ role: 'readWriteAnyDatabase', db: 'admin' }]
      roles.push({ role: 'dbAdminAnyDatabase', db: 'admin' })
      await admin.db('$external').command({ createUser: 'CN=holdfast', roles })
      await admin.close()
      await server.kill()
      const tls = {
        ...files.server,
        authority: files.authority,
        asksForCertificates: true,
      } as const
      await server.restart({ asksForPasswords: true, tls })
      const login = { authMechanism: 'MONGODB-X509', authSource: '$external' }
      const uri = saying(server.forDatabase('files'), {
        ...{ tls: 'true', tlsCAFile: files.authority, serverSelectionTimeoutMS: '500', ...login },
      })
      await assertServes(saying(uri, { tlsCertificateKeyFile: files.client.certificateAndKey }))
      // Signed by the authority as well, and nobody's who is a user.
      const another = saying(uri, { tlsCertificateKeyFile: files.server.certificateAndKey })
      await assert.rejects(open(another), /X509|uthenticat/)
    }))

  test('with a password, which no failure repeats', () =>
    withServer(async (server) => {
      const admin = await new MongoClient(server.uri).connect()
      const roles = [
        { role: 'readWrite', db: 'files' },
        { role: 'dbAdmin', db: 'files' },
      ]
      await admin.db('files').command({ createUser: 'holdfast', pwd: 'right:p4ss@word', roles })
      await admin.close()
      await server.kill()
      await server.restart({ asksForPasswords: true })
      const withPassword = (password: string) => {
        const url = new URL(server.forDatabase('files'))
        url.username = 'holdfast'
        url.password = encodeURIComponent(password)
        return saying(url.href, { authSource: 'files', authMechanism: 'SCRAM-SHA-256' })
      }
      await assertServes(withPassword('right:p4ss@word'))
      const failure = await open(withPassword('wr0ng:p4ss')).catch((cause: unknown) => cause)
      assert.ok(failure instanceof Error)
      const told = inspect(failure, { depth: 9 })
      assert.match(told, /uthenticat/)
      assert.ok(!told.includes('wr0ng'), told)
      await assert.rejects(open(server.forDatabase('files')), /uthenticat|uthoriz/)
    }))
})

describeOnMongo('mongodb: a server that is gone', (test) => {
  test('is out of reach, for verbs and for who opens it, and serves on when it is back', () =>
    withServer(async (server) => {
      const uri = saying(server.forDatabase('files'), { serverSelectionTimeoutMS: '500' })
      await initDatabaseAt({ uri })
      const store = await open(uri)
      try {
        const bucket = await makeBucket(store, 'one')
        await server.kill()
        await assert.rejects(store.buckets.get(defaultNamespace, 'one'), StoreUnavailable)
        await assert.rejects(store.buckets.delete(bucket), StoreUnavailable)
        await assert.rejects(store.owners.begin('a', 1), StoreUnavailable)
        await assert.rejects(open(uri), StoreUnavailable)
        await server.restart()
        assert.deepEqual(await store.buckets.get(defaultNamespace, 'one'), bucket)
      } finally {
        await store.close()
      }
    }))
})
