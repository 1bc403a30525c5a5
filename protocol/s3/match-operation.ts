// Finds the operation a request means, by its method, address, query and headers. Whether it may have
// what else it brings is asked later, by `check-parameters.ts` and `check-headers.ts`.
import type { Address } from './address.ts'
import type { OperationRow, Scope } from './operation-row.ts'
import { type OperationName, operations } from './operations-table.ts'
import { subResources } from './query-parameters.ts'
import type { RequestHeaders } from './request-headers.ts'
import type { Query } from './request-target.ts'
import { S3Error } from './s3-error.ts'

type Candidate = { readonly name: OperationName; readonly row: OperationRow }

const candidates = groupByMethodAndScope()

function groupByMethodAndScope(): ReadonlyMap<string, readonly Candidate[]> {
  const groups = new Map<string, Candidate[]>()
  for (const name of Object.keys(operations) as OperationName[]) {
    const row: OperationRow = operations[name]
    const group = `${row.method} ${row.scope}`
    groups.set(group, [...(groups.get(group) ?? []), { name, row }])
  }
  return groups
}

/** By sub-resource: the scopes in which some method has it. */
const scopesOf = groupScopes()

function groupScopes(): ReadonlyMap<string, ReadonlySet<Scope>> {
  const scopes = new Map<string, Set<Scope>>()
  for (const row of Object.values<OperationRow>(operations)) {
    for (const name of row.query ?? []) {
      scopes.set(name, (scopes.get(name) ?? new Set()).add(row.scope))
    }
  }
  return scopes
}

/**
 * Throws `NotImplemented` for S3 operations this server does not have, `InvalidArgument` for two
 * sub-resources at once, `InvalidRequest` for one that bucket or key cannot have, and
 * `MethodNotAllowed` for methods that S3 has no operation for here.
 */
export function matchOperation(request: {
  method: string
  address: Address
  query: Query
  headers: RequestHeaders
}): OperationName {
  const scope = scopeOf(request.address)
  const { parameters } = request.query
  const asked = parameters.length === 0 ? [] : subResourcesOf(request.query)
  for (const { name, row } of candidates.get(`${request.method} ${scope}`) ?? []) {
    const wanted = row.query ?? []
    if (!wanted.every((parameter) => request.query.has(parameter))) continue
    if (row.control !== request.address.control) continue
    if (row.header !== undefined && request.headers[row.header] === undefined) continue
    if (!asked.every((parameter) => wanted.includes(parameter))) continue
    return name
  }
  throw noOperation(request.method, scope, asked)
}

function scopeOf(address: Address): Scope {
  if (address.bucket === undefined) return 'service'
  return address.key === undefined ? 'bucket' : 'object'
}

/** Each once, in order. */
function subResourcesOf(query: Query): readonly string[] {
  const found = new Set<string>()
  for (const { name } of query.parameters) if (subResources.has(name)) found.add(name)
  return [...found]
}

function noOperation(method: string, scope: Scope, asked: readonly string[]): S3Error {
  const [subResource, ...others] = asked
  if (subResource !== undefined && others.length > 0) {
    return new S3Error(
      'InvalidArgument',
      { ArgumentName: 'ResourceType', ArgumentValue: subResource },
      { message: `Conflicting query string parameters: ${asked.join(', ')}` },
    )
  }
  const scopes = subResource === undefined ? undefined : scopesOf.get(subResource)
  if (subResource !== undefined && scopes === undefined) {
    return new S3Error('NotImplemented', {}, { message: `Not implemented: ?${subResource}` })
  }
  if (subResource !== undefined && scopes?.has(scope) === false) {
    const message = `?${subResource} is no sub-resource of the ${scope}.`
    return new S3Error('InvalidRequest', {}, { message })
  }
  const type = subResource === 'uploadId' ? 'UPLOAD' : scope.toUpperCase()
  return new S3Error('MethodNotAllowed', { Method: method, ResourceType: type })
}
