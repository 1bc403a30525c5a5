// The rights that a server needs in the database, as a text for `mongosh`: to read and write documents, and nothing
// else. Collections and indexes are made by `holdfast metadata init`, whose user needs more (`dbAdmin` and
// `readWrite` on the database, on a sharded cluster `clusterManager` as well), and nobody after him.
import { collectionPlans } from './schema.ts'

export const defaultRole = 'holdfastServer'

const actions = ['find', 'insert', 'update', 'remove'] as const

export type RoleDocument = {
  readonly role: string
  readonly privileges: readonly {
    readonly resource: { readonly db: string; readonly collection: string }
    readonly actions: readonly string[]
  }[]
  readonly roles: readonly string[]
}

export function databaseRole(database: string, role = defaultRole): RoleDocument {
  const privileges = collectionPlans.map(({ name: collection }) => ({
    ...{ resource: { db: database, collection }, actions },
  }))
  return { role, privileges, roles: [] }
}

/** To be pasted by whoever may create roles. Safe to repeat: a role that is there gets these rights. */
export function renderDatabaseRole(database: string, role = defaultRole): string {
  const { privileges } = databaseRole(database, role)
  const quoted = JSON.stringify(role)
  return [
    `// What a server of Holdfast may do in the database ${database}. For mongosh.`,
    `const holdfast = db.getSiblingDB(${JSON.stringify(database)})`,
    `const privileges = ${JSON.stringify(privileges, undefined, 2)}`,
    `if (holdfast.getRole(${quoted}) === null) {`,
    `  holdfast.createRole({ role: ${quoted}, privileges, roles: [] })`,
    '} else {',
    `  holdfast.updateRole(${quoted}, { privileges, roles: [] })`,
    '}',
    '// With a password:',
    `//   holdfast.createUser({ user: "holdfast", pwd: passwordPrompt(), roles: [${quoted}] })`,
    '// With a certificate (X.509), whose subject is the name of the user:',
    `//   db.getSiblingDB("$external").createUser({ user: "CN=holdfast", roles: [{ role: ${quoted}, db: ${JSON.stringify(database)} }] })`,
    '',
  ].join('\n')
}
