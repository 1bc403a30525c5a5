// `holdfast admin user …`, `group …`, `key …` and `policy …`: all of a tenant.
import { BadValue } from '../../gateway/config/config-values.ts'
import { fieldOf } from './admin-client.ts'
import { fieldsOf, tableOf, type Verb, type VerbCall } from './admin-verb.ts'
import { made } from './verbs-of-tenants.ts'

const ofUser = {
  user: { value: 'NAME', means: 'Of that user. Without: of the root user.' },
} as const

function listing(name: string, path: string, columns: readonly string[]): Verb {
  return {
    ...{ name, takes: ['TENANT'], means: `Lists ${path} of a tenant.` },
    run: async ({ client, words: { TENANT = '' } }) => {
      const json = await client.list({ path: ['tenants', TENANT, path] })
      return { json, lines: tableOf(json, columns) }
    },
  }
}

function showing(name: string, path: string): Verb {
  return {
    ...{ name, takes: ['TENANT', 'NAME'], means: `Shows one of the ${path} of a tenant.` },
    run: async ({ client, words: { TENANT = '', NAME = '' } }) => {
      const { json } = await client.ask({ path: ['tenants', TENANT, path, NAME] })
      return { json, lines: fieldsOf(json) }
    },
  }
}

function deleting(name: string, path: string): Verb {
  return {
    ...{ name, takes: ['TENANT', 'NAME'], means: `Removes one of the ${path} of a tenant.` },
    run: async ({ client, words: { TENANT = '', NAME = '' } }) => {
      const target = ['tenants', TENANT, path, NAME]
      const { etag: ifMatch } = await client.ask({ path: target })
      await client.ask({ method: 'DELETE', path: target, ifMatch })
      return { json: {}, lines: ['It is removed.'] }
    },
  }
}

function creating(name: string, path: string): Verb {
  return {
    ...{ name, takes: ['TENANT', 'NAME'], means: `Makes one of the ${path} of a tenant.` },
    run: async ({ client, words: { TENANT = '', NAME } }) => {
      const { json } = await client.ask({
        ...{ method: 'POST', path: ['tenants', TENANT, path], json: { name: NAME } },
      })
      return { json, lines: fieldsOf(json) }
    },
  }
}

/** What holds a policy: `--user` or `--group`. */
function holderOf({ flags: { user, group } }: VerbCall): readonly string[] {
  if ((user === undefined) === (group === undefined)) {
    throw new BadValue('one of --user and --group is needed.')
  }
  return user === undefined ? ['groups', group ?? ''] : ['users', user]
}

const holders = {
  user: { value: 'NAME', means: 'To whom, or from whom.' },
  group: { value: 'NAME', means: 'The same of a group.' },
} as const

const attaching: readonly Verb[] = (['attach', 'detach'] as const).map((verb) => ({
  ...{ name: `policy ${verb}`, takes: ['TENANT', 'POLICY'], flags: holders },
  means: `${verb === 'attach' ? 'Attaches' : 'Detaches'} a policy, by its name or its ARN.`,
  run: async (call) => {
    const { client, words } = call
    const { TENANT = '', POLICY = '' } = words
    const path = ['tenants', TENANT, ...holderOf(call), verb]
    const arn = POLICY.startsWith('arn:') ? POLICY : await arnOf(call, POLICY)
    await client.ask({ method: 'POST', path, json: { arn } })
    return { json: { arn }, lines: ['It is done.'] }
  },
}))

async function arnOf({ client, words: { TENANT = '' } }: VerbCall, name: string): Promise<string> {
  const { json } = await client.ask({ path: ['tenants', TENANT, 'policies', name] })
  return String(fieldOf(json, 'arn'))
}

async function documentIn({ readFile, words: { FILE = '' } }: VerbCall): Promise<unknown> {
  const text = await readFile(FILE)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BadValue(`${FILE} is not JSON: ${cause instanceof Error ? cause.message : cause}`)
  }
}

const putting: readonly Verb[] = [
  {
    ...{ name: 'policy create', takes: ['TENANT', 'NAME', 'FILE'] },
    means: 'Makes a policy of the document in a file.',
    run: async (call) => {
      const { TENANT = '', NAME } = call.words
      const json = { name: NAME, document: await documentIn(call) }
      const path = ['tenants', TENANT, 'policies']
      const answer = await call.client.ask({ method: 'POST', path, json })
      return { json: answer.json, lines: [String(fieldOf(answer.json, 'arn'))] }
    },
  },
  {
    ...{ name: 'policy set', takes: ['TENANT', 'NAME', 'FILE'] },
    means: 'Lets the document in a file hold.',
    run: async (call) => {
      const { TENANT = '', NAME = '' } = call.words
      const path = ['tenants', TENANT, 'policies', NAME]
      const { etag: ifMatch } = await call.client.ask({ path })
      const json = { document: await documentIn(call) }
      const answer = await call.client.ask({ method: 'PUT', path, json, ifMatch })
      return { json: answer.json, lines: [String(fieldOf(answer.json, 'defaultVersion'))] }
    },
  },
]

function keysOf({ words: { TENANT = '' }, flags: { user } }: VerbCall): readonly string[] {
  return ['tenants', TENANT, ...(user === undefined ? [] : ['users', user]), 'keys']
}

const keys: readonly Verb[] = [
  listing('key list', 'keys', ['accessKeyId', 'user', 'status', 'created']),
  {
    ...{ name: 'key create', takes: ['TENANT'], flags: ofUser },
    means: 'Makes an access key, and prints it.',
    run: async (call) => made(await call.client.ask({ method: 'POST', path: keysOf(call) })),
  },
  ...(['enable', 'disable'] as const).map(
    (verb): Verb => ({
      ...{ name: `key ${verb}`, takes: ['TENANT', 'KEY'], flags: ofUser },
      means: `${verb === 'enable' ? 'Opens' : 'Closes'} an access key.`,
      run: async (call) => {
        const path = [...keysOf(call), call.words.KEY ?? '']
        const json = { status: verb === 'enable' ? 'active' : 'inactive' }
        await call.client.ask({ method: 'PATCH', path, json })
        return { json, lines: [`It is ${json.status}.`] }
      },
    }),
  ),
  {
    ...{ name: 'key delete', takes: ['TENANT', 'KEY'], flags: ofUser },
    means: 'Removes an access key.',
    run: async (call) => {
      await call.client.ask({ method: 'DELETE', path: [...keysOf(call), call.words.KEY ?? ''] })
      return { json: {}, lines: ['It is removed.'] }
    },
  },
]

const members: readonly Verb[] = (['add', 'remove'] as const).map((verb) => ({
  ...{ name: `group ${verb}`, takes: ['TENANT', 'NAME', 'USER'] },
  means: `${verb === 'add' ? 'Puts a user into' : 'Takes a user out of'} a group.`,
  run: async ({ client, words: { TENANT = '', NAME = '', USER = '' } }) => {
    const path = ['tenants', TENANT, 'groups', NAME, 'users', USER]
    await client.ask({ method: verb === 'add' ? 'PUT' : 'DELETE', path })
    return { json: {}, lines: ['It is done.'] }
  },
}))

export const userVerbs: readonly Verb[] = [
  creating('user create', 'users'),
  listing('user list', 'users', ['name', 'path', 'groups', 'attached', 'keys', 'created']),
  showing('user show', 'users'),
  deleting('user delete', 'users'),
]
export const groupVerbs: readonly Verb[] = [
  creating('group create', 'groups'),
  listing('group list', 'groups', ['name', 'path', 'attached', 'created']),
  ...members,
  deleting('group delete', 'groups'),
]
export const keyVerbs = keys
export const policyVerbs: readonly Verb[] = [
  ...putting,
  listing('policy list', 'policies', ['name', 'arn', 'defaultVersion', 'updated']),
  showing('policy show', 'policies'),
  ...attaching,
  deleting('policy delete', 'policies'),
]
