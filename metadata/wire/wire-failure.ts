// What verbs throw, on its way through a service: errors that callers know by their classes keep them, and of all
// others the caller learns an id by which the service's log has them. No message, no stack of the service's own.
import { MetadataDamaged } from '../metadata-damaged.ts'
import { MetadataFull } from '../metadata-full.ts'
import { StoreUnavailable } from '../store-unavailable.ts'
import { packValue, unpackValue } from './wire-value.ts'

/** Something went wrong in the service. Its log says what, under the id. */
export class MetadataServiceFailed extends Error {
  override readonly name = 'MetadataServiceFailed'

  constructor(requestId: string) {
    super(`the metadata service failed; its log has the cause under ${requestId}`)
  }
}

/** `known`: nothing for the service's own log. */
export function packFailure(
  cause: unknown,
  requestId: string,
): { readonly bytes: Buffer; readonly isKnown: boolean } {
  const known = knownFailure(cause)
  return {
    bytes: packValue(known ?? { is: 'failed', requestId }, 'plain'),
    isKnown: known !== undefined,
  }
}

function knownFailure(cause: unknown) {
  if (cause instanceof StoreUnavailable) return { is: 'storeUnavailable' }
  if (cause instanceof MetadataFull) return { is: 'metadataFull' }
  if (cause instanceof MetadataDamaged) {
    return { is: 'metadataDamaged', table: cause.table, key: cause.key }
  }
  return undefined
}

/** A name that is not known here is of a later version: opaque too. */
export function parseFailure(bytes: Buffer): Error {
  const { is, table, key, requestId } = members(unpackValue(bytes, 'plain'))
  if (is === 'storeUnavailable') return new StoreUnavailable()
  if (is === 'metadataFull') return new MetadataFull()
  if (is === 'metadataDamaged' && typeof table === 'string' && Buffer.isBuffer(key)) {
    return new MetadataDamaged(table, key)
  }
  return new MetadataServiceFailed(typeof requestId === 'string' ? requestId : String(is))
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
