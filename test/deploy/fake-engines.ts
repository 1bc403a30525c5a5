// Engines as the process tree knows them, for its tests: tenants in a JSON file, and an "S3" that
// tells its process id and does on request what a test needs. Real engines: `open-engines.ts`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engines, OpenEngines, S3Listener } from '../../deploy/process/serving.ts'
import { masterKeyFrom } from '../../gateway/access/keys/master-key-file.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { AccessKey, Tenant } from '../../metadata/records.ts'

export const openFakeEngines: OpenEngines = async (config, { role }) => {
  if (config.region === 'fails-in-worker' && role === 'worker') throw new Error('no luck today')
  if (role === 'worker' && existsSync(join(config.dataDirectory, 'no-more-workers'))) {
    throw new Error('no luck any more')
  }
  console.log(`opened as ${role} with ${config.rootKey === undefined ? 'no root key' : 'root key'}`)
  if (config.region === 'spins') for (;;);
  if (config.region === 'hangs-in-worker' && role === 'worker') await new Promise(() => {})
  const { lost, lose } = losable()
  return {
    lost,
    tenants: openFakeTenants(`${config.dataDirectory}-tenants.json`),
    masterKey: masterKeyFrom(Buffer.alloc(32, 1)),
    serveS3: (options) => serveS3(options, lose),
    adminApi: () => ({ isOwn: () => false, fetch: () => new Response() }),
    startBackgroundWork: () => console.log('background work starts'),
    processLeft: async (_, living) => {
      // Long enough for a process that does not wait to be seen before it.
      if (existsSync(join(config.dataDirectory, 'clear-slowly'))) await sleep(1000)
      console.log(`left behind by all but ${living.size}`)
    },
    check: async () => {
      if (existsSync(join(config.dataDirectory, 'sick'))) throw new Error('the engine is sick')
      return {}
    },
    close: async () => console.log(`closed as ${role}`),
  }
}

function losable(): { readonly lost: Promise<void>; readonly lose: () => void } {
  let lose = () => {}
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })
  return { lost, lose }
}

type ServeS3 = Engines['serveS3']

async function serveS3(
  { listen, tls }: Parameters<ServeS3>[0],
  lose: () => void,
): ReturnType<ServeS3> {
  let endHeld = () => {}
  const held = new Promise<void>((resolve) => {
    endHeld = resolve
  })
  const answer: RequestListener = async (request, response) => {
    if (request.url === '/die') process.exit(3)
    if (request.url === '/lose') lose()
    response.setHeader('x-pid', process.pid)
    if (request.url === '/held') {
      response.setHeader('Connection', 'close')
      response.write('begun ')
      await held
    }
    response.end('done')
  }
  const server = tls === undefined ? createHttp(answer) : createHttps(tls, answer)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, resolve)
  })
  const bound = server.address()
  const listener: S3Listener = {
    address: {
      host: listen.host,
      port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    },
    setTls: (pair) => 'setSecureContext' in server && server.setSecureContext({ ...pair }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        // Requests under way end only because the server was asked to stop.
        endHeld()
      }),
  }
  return listener
}

type Stored = { tenants: Tenant[]; keys: AccessKey[] }

export function openFakeTenants(path: string): MetadataStore['tenants'] {
  const revive = (_: string, value: unknown) =>
    typeof value === 'object' && value !== null && 'base64' in value
      ? Buffer.from(String(value.base64), 'base64')
      : value
  const load = (): Stored =>
    existsSync(path) ? JSON.parse(readFileSync(path, 'utf8'), revive) : { tenants: [], keys: [] }
  const bytes = (value: Uint8Array) => ({ base64: Buffer.from(value).toString('base64') })
  const save = ({ tenants, keys }: Stored) =>
    writeFileSync(
      path,
      JSON.stringify({
        tenants: tenants.map((tenant) => ({ ...tenant, sealedKey: bytes(tenant.sealedKey) })),
        keys: keys.map((key) => ({ ...key, sealedSecret: bytes(key.sealedSecret) })),
      }),
    )
  return {
    create: async (tenant, firstKey) => {
      const { tenants, keys } = load()
      if (tenants.some((each) => each.id === tenant.id)) return { is: 'exists' }
      save({ tenants: [...tenants, tenant], keys: [...keys, firstKey] })
      return { is: 'created' }
    },
    get: async (id) => load().tenants.find((tenant) => tenant.id === id),
    byName: async (name) => load().tenants.find((tenant) => tenant.name === name),
    update: async (tenant) => {
      const { tenants, keys } = load()
      if (!tenants.some(({ id }) => id === tenant.id)) return { is: 'noSuchTenant' }
      save({ tenants: [...tenants.filter(({ id }) => id !== tenant.id), tenant], keys })
      return { is: 'done' }
    },
    remove: async (id) => {
      const { tenants, keys } = load()
      save({ tenants: tenants.filter((tenant) => tenant.id !== id), keys })
    },
    list: async () => ({ tenants: load().tenants, isTruncated: false }),
    putAccessKey: async (key) => {
      const { tenants, keys } = load()
      const owner = keys.find((each) => each.accessKeyId === key.accessKeyId)?.tenantId
      if (owner !== undefined && owner !== key.tenantId) return { is: 'taken' }
      const others = keys.filter((each) => each.accessKeyId !== key.accessKeyId)
      save({ tenants, keys: [...others, key] })
      return { is: 'done' }
    },
    getAccessKey: async (id) => load().keys.find((key) => key.accessKeyId === id),
    listAccessKeys: async (tenantId) => load().keys.filter((key) => key.tenantId === tenantId),
    removeAccessKey: async (_tenantId, id) => {
      const { tenants, keys } = load()
      save({ tenants, keys: keys.filter((key) => key.accessKeyId !== id) })
    },
    noteKeyUse: async () => {},
    keyUse: async () => undefined,
  }
}
