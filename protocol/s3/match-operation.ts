// Finds the operation a request means, by its method, address, query and headers.
import type { Address } from './address.ts'
import {
  type OperationName,
  type OperationRow,
  operations,
  type Scope,
  subResources,
} from './operations-table.ts'
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

/**
 * Throws `NotImplemented` for S3 operations this server does not have, and `MethodNotAllowed` for
 * methods that S3 has no operation for here.
 */
export function matchOperation(request: {
  method: string
  address: Address
  query: Query
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
}): OperationName {
  const scope = scopeOf(request.address)
  const asked = request.query.parameters.filter((parameter) => subResources.has(parameter.name))
  for (const { name, row } of candidates.get(`${request.method} ${scope}`) ?? []) {
    const wanted = row.query ?? []
    if (!wanted.every((parameter) => request.query.has(parameter))) continue
    if (row.header !== undefined && request.headers[row.header] === undefined) continue
    if (!asked.every((parameter) => wanted.includes(parameter.name))) continue
    return name
  }
  if (asked.length > 0) {
    throw new S3Error('NotImplemented', {}, { message: `Not implemented: ?${asked[0]?.name}` })
  }
  throw new S3Error('MethodNotAllowed', {
    Method: request.method,
    ResourceType: scope.toUpperCase(),
  })
}

function scopeOf(address: Address): Scope {
  if (address.bucket === undefined) return 'service'
  return address.key === undefined ? 'bucket' : 'object'
}
