// Holds the query of a request against what its operation takes: what would choose another operation or
// other data is refused, and so is what has two readings because it is there twice.
import type { OperationRow } from './operation-row.ts'
import { type OperationName, operations } from './operations-table.ts'
import { overridePrefix, overrides, selectors } from './query-parameters.ts'
import type { Query, QueryParameter } from './request-target.ts'
import { S3Error } from './s3-error.ts'

type Taken = {
  readonly names: ReadonlySet<string>
  readonly overrides: boolean
  /** The operation changes something. */
  readonly changes: boolean
}

/** In lower case: `?versionID=` on a deletion is a mistake, and S3 would delete the current version. */
const misspelt: ReadonlySet<string> = new Set([...selectors].map((name) => name.toLowerCase()))

const takenBy: ReadonlyMap<string, Taken> = new Map(
  Object.entries<OperationRow>(operations).map(([name, row]) => {
    const names = new Set([...(row.query ?? []), ...(row.takes ?? [])])
    const changes = row.method !== 'GET' && row.method !== 'HEAD'
    return [name, { names, overrides: names.has(overrides[0]), changes }]
  }),
)

/** Throws `InvalidArgument`. */
export function checkParameters(operation: OperationName, query: Query): void {
  if (query.parameters.length === 0) return
  const taken = takenBy.get(operation)
  if (taken === undefined) return
  const seen = new Set<string>()
  for (const parameter of query.parameters) {
    const { name } = parameter
    if (taken.names.has(name)) {
      if (seen.has(name)) throw repeated(parameter)
      seen.add(name)
    } else if (selectors.has(name)) {
      throw notTaken(operation, parameter)
    } else if (taken.overrides && name.startsWith(overridePrefix)) {
      throw noOverride(parameter)
    } else if (taken.changes && misspelt.has(name.trim().toLowerCase())) {
      throw notTaken(operation, parameter)
    }
  }
}

/** Throws `InvalidArgument` when a name is there twice: which of the two is meant, nobody can say. */
export function refuseRepeated(query: Query): void {
  const seen = new Set<string>()
  for (const parameter of query.parameters) {
    if (seen.has(parameter.name)) throw repeated(parameter)
    seen.add(parameter.name)
  }
}

function notTaken(operation: OperationName, parameter: QueryParameter): S3Error {
  if (parameter.name === 'versionId') {
    return invalid(parameter, 'This operation does not accept a version-id.')
  }
  const isWrite = operations[operation].method === 'PUT'
  return invalid(
    parameter,
    parameter.name === 'partNumber' && isWrite
      ? 'This operation does not accept partNumber without uploadId'
      : `This operation does not accept ${parameter.name}.`,
  )
}

function repeated(parameter: QueryParameter): S3Error {
  return invalid(parameter, `The query string parameter ${parameter.name} is there more than once.`)
}

function noOverride(parameter: QueryParameter): S3Error {
  return invalid(
    parameter,
    `${parameter.name} is not in the set of overridable response headers. Please set to one of ${overrides.join(', ')}.`,
  )
}

function invalid({ name, value }: QueryParameter, message: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, { message })
}
