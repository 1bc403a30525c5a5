// What a change of a tenant's documents must be, whichever engine makes it: places that can be, each named once.
import assert from 'node:assert'
import { isIdentityName } from './identity-records.ts'
import type { IdentityChange } from './identity-store.ts'

/** Throws for what no caller may ask. */
export function requireIdentityChange({ put, remove }: IdentityChange): void {
  const places = [...put, ...remove].map(({ kind, name }) => {
    assert(isIdentityName(name), 'a name under which no document can lie')
    return `${kind}\0${name}`
  })
  assert(new Set(places).size === places.length, 'a change names a document twice')
}
