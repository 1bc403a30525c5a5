// What clients of a store know: which versions each key has, by the answers they were given, and which copies of chunks
// are stored. Every call is asked again until it is answered, so that nothing in here is uncertain.
import assert from 'node:assert'
import type { VersionId } from '../../metadata/records.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'

export type KnownVersion = {
  readonly versionId: VersionId
  /** Of an object its ETag. */
  readonly is: string
}

export const marker = 'marker'

export class KnownKey {
  readonly isVersioned: boolean
  /** The newest first. */
  versions: readonly KnownVersion[] = []

  constructor(isVersioned: boolean) {
    this.isVersioned = isVersioned
  }

  put(version: KnownVersion): void {
    const isKnown = this.versions.some(({ versionId }) => versionId === version.versionId)
    assert(!this.isVersioned || !isKnown, 'two versions of one id')
    this.versions = this.isVersioned ? [version, ...this.versions] : [version]
  }

  remove(versionId: VersionId | undefined): void {
    if (!this.isVersioned) this.versions = []
    else this.versions = this.versions.filter((version) => version.versionId !== versionId)
  }
}

/** Copies of chunks, as nodes have them: what was deleted never comes back. */
export class StoredCopies {
  readonly #deleted = new Set<string>()

  delete(blob: BlobRef): void {
    this.#deleted.add(nameOf(blob))
  }

  has(blob: BlobRef): boolean {
    return !this.#deleted.has(nameOf(blob))
  }
}

export function nameOf({ id, generation }: BlobRef): string {
  return `${id.toString('hex').slice(0, 8)}/${generation}`
}
