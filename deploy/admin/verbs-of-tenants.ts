// `holdfast admin tenant …`, `quota …`, `admin …` and `token …`.
import { parseBytes, parseDurationMs } from '../../gateway/config/config-values.ts'
import { type AdminClient, fieldOf } from './admin-client.ts'
import { fieldsOf, tableOf, type Verb, type VerbCall, type VerbResult } from './admin-verb.ts'

const columns = ['id', 'name', 'namespace', 'status', 'created']

const create: Verb = {
  ...{ name: 'tenant create', takes: ['NAME'] },
  flags: {
    namespace: { value: 'own|default', means: 'Whose names its buckets have. Default: own' },
    region: { value: 'NAME', means: 'Where its buckets are made.' },
    bytes: { value: 'SIZE', means: 'What it may hold at most.' },
  },
  means: 'Makes a tenant, and prints its id and its first key.',
  run: async ({ client, words: { NAME }, flags: { namespace, region, bytes } }) => {
    const quota = bytes === undefined ? {} : { quota: { bytes: parseBytes(bytes) } }
    const json = { name: NAME, namespace, region, ...quota }
    const { json: made } = await client.ask({ method: 'POST', path: ['tenants'], json })
    const key = fieldOf(made, 'key')
    return {
      json: made,
      lines: [
        `tenant:     ${fieldOf(made, 'name')}`,
        `id:         ${fieldOf(made, 'id')}`,
        `access key: ${fieldOf(key, 'accessKeyId')}`,
        `secret key: ${fieldOf(key, 'secretAccessKey')}`,
        'The secret is shown this once.',
      ],
    }
  },
}

const list: Verb = {
  ...{ name: 'tenant list', takes: [] },
  flags: {
    status: { value: 'active|suspended|deleting', means: 'Those that are so alone.' },
    prefix: { value: 'TEXT', means: 'Those whose names begin with it.' },
  },
  means: 'Lists tenants.',
  run: async ({ client, flags: { status, prefix } }) => {
    const json = await client.list({ path: ['tenants'], query: { status, prefix } })
    return { json, lines: tableOf(json, columns) }
  },
}

const show: Verb = {
  ...{ name: 'tenant show', takes: ['TENANT'], means: 'Shows a tenant, by its name or its id.' },
  run: async ({ client, words: { TENANT = '' } }) => {
    const { json } = await client.ask({ path: ['tenants', TENANT] })
    return { json, lines: fieldsOf(json) }
  },
}

const states: readonly Verb[] = (
  [
    ['suspend', 'Refuses all its requests, and keeps all it has.'],
    ['resume', 'Takes its requests again.'],
    ['undelete', 'Takes its deletion back, while there is time.'],
  ] as const
).map(([verb, means]) => ({
  ...{ name: `tenant ${verb}`, takes: ['TENANT'], means },
  run: async ({ client, words: { TENANT = '' } }) => {
    const { json } = await client.ask({ method: 'POST', path: ['tenants', TENANT, verb] })
    return { json, lines: tableOf([json], columns) }
  },
}))

const remove: Verb = {
  ...{ name: 'tenant delete', takes: ['TENANT'] },
  flags: { grace: { value: 'DURATION', means: 'How long undelete takes it back. Default: 7d' } },
  means: 'Refuses all its requests, and removes all it has when the time is over.',
  run: async ({ client, words: { TENANT = '' }, flags: { grace } }) => {
    const path = ['tenants', TENANT]
    const { etag: ifMatch } = await client.ask({ path })
    const graceSeconds = grace && String(Math.ceil(parseDurationMs(grace) / 1_000))
    const query = { graceSeconds }
    const { json } = await client.ask({ method: 'DELETE', path, query, ifMatch })
    return { json, lines: [`Until ${fieldOf(json, 'deleteAfter')} it can be taken back.`] }
  },
}

const quotaFlags = {
  bytes: { value: 'SIZE', means: 'Of the data of all versions, or none.' },
  objects: { value: 'N', means: 'Versions, or none.' },
} as const
const ofBucket = { bucket: { value: 'NAME', means: 'That of a bucket.' } } as const

const showQuota: Verb = {
  ...{ name: 'quota show', takes: ['TENANT'], flags: ofBucket },
  means: 'Shows the quota of a tenant, or of a bucket.',
  run: async (call) => {
    const { json } = await call.client.ask({ path: pathOf(call, 'quota') })
    return { json, lines: quotaLines(json) }
  },
}

const setQuota: Verb = {
  ...{ name: 'quota set', takes: ['TENANT'] },
  flags: {
    ...ofBucket,
    ...quotaFlags,
    buckets: { value: 'N', means: 'Buckets of a tenant, or none.' },
  },
  means: 'Sets the bounds that are named, and leaves the others.',
  run: async (call) => {
    const path = pathOf(call, 'quota')
    const { json: before, etag: ifMatch } = await call.client.ask({ path })
    const quota = { ...(typeof before === 'object' ? before : {}), ...boundsIn(call.flags) }
    const { json } = await call.client.ask({ method: 'PUT', path, json: quota, ifMatch })
    return { json, lines: quotaLines(json) }
  },
}

const showUsage: Verb = {
  ...{ name: 'usage show', takes: ['TENANT'], flags: ofBucket },
  means: 'Shows how much a tenant holds, or a bucket.',
  run: async (call) => {
    const { json } = await call.client.ask({ path: pathOf(call, 'usage') })
    return { json, lines: fieldsOf(json) }
  },
}

function pathOf(
  { words: { TENANT = '' }, flags: { bucket } }: VerbCall,
  what: 'quota' | 'usage',
): readonly string[] {
  const within = bucket === undefined ? [] : ['buckets', bucket]
  return ['tenants', TENANT, ...within, what]
}

/** Undefined: it is to go. */
function boundsIn({ bytes, objects, buckets }: VerbCall['flags']) {
  const said = Object.entries({ bytes, objects, buckets }).filter(
    ([, value]) => value !== undefined,
  )
  return Object.fromEntries(
    said.map(([name, value = '']) => [
      name,
      value === 'none' ? undefined : name === 'bytes' ? parseBytes(value) : Number(value),
    ]),
  )
}

function quotaLines(quota: unknown): readonly string[] {
  const lines = fieldsOf(quota)
  return lines.length === 0 ? ['There is no bound.'] : lines
}

const admins: readonly Verb[] = [
  {
    ...{ name: 'admin create', takes: ['NAME'] },
    flags: {
      role: { value: 'ROLE', means: 'superadmin, tenantAdmin or readOnly (the default).' },
      tenant: { value: 'TENANT', means: 'The one tenant that it is for.' },
    },
    means: 'Makes somebody who administers the server, and prints his first key.',
    run: async ({ client, words: { NAME }, flags: { role = 'readOnly', tenant } }) => {
      const json = { name: NAME, role, tenant }
      return made(await client.ask({ method: 'POST', path: ['admins'], json }))
    },
  },
  {
    ...{ name: 'admin list', takes: [], means: 'Lists those who administer the server.' },
    run: async ({ client }) => {
      const json = await client.list({ path: ['admins'] })
      return { json, lines: tableOf(json, ['id', 'name', 'role', 'tenant', 'created']) }
    },
  },
  {
    ...{ name: 'admin delete', takes: ['ID'], means: 'Removes one with his keys and tokens.' },
    run: async ({ client, words: { ID = '' } }) => {
      const path = ['admins', ID]
      const { etag: ifMatch } = await client.ask({ path })
      await client.ask({ method: 'DELETE', path, ifMatch })
      return { json: {}, lines: ['It is removed.'] }
    },
  },
  {
    ...{ name: 'token create', takes: ['NAME'] },
    flags: {
      expires: { value: 'DURATION', means: 'How long it lives. Default: 12h' },
      'read-only': { means: 'It changes nothing.' },
    },
    means: 'Makes a bearer token for whoever asks, for HOLDFAST_ADMIN_TOKEN.',
    run: async ({ client, words: { NAME }, flags: { expires = '12h', ...flags } }) => {
      const expiresInSeconds = Math.ceil(parseDurationMs(expires) / 1_000)
      const json = { name: NAME, expiresInSeconds, readOnly: flags['read-only'] !== undefined }
      const answer = await client.ask({ method: 'POST', path: ['tokens'], json })
      return { json: answer.json, lines: [String(fieldOf(answer.json, 'token'))] }
    },
  },
]

export function made({ json }: Awaited<ReturnType<AdminClient['ask']>>): VerbResult {
  const key = fieldOf(json, 'key') ?? json
  const lines = [
    `access key: ${fieldOf(key, 'accessKeyId')}`,
    `secret key: ${fieldOf(key, 'secretAccessKey')}`,
    'The secret is shown this once.',
  ]
  return { json, lines }
}

export const tenantVerbs: readonly Verb[] = [create, list, show, ...states, remove]
export const quotaVerbs: readonly Verb[] = [showQuota, setQuota, showUsage]
export const adminVerbs = admins
