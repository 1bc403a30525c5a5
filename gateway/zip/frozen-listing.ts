// A bucket as it stood at one moment, read page by page: what is made of several looks at it fits
// together. The moment may be lost on the way; whoever needs the whole begins again with another.
import { setImmediate } from 'node:timers/promises'
import type {
  BucketRef,
  FreezeQuery,
  FrozenMoment,
  FrozenObject,
  FrozenPage,
  MetadataStore,
  ObjectStore,
} from '../../metadata/metadata-store.ts'

/** Keys read without a pause: about a millisecond. */
const pageKeys = 1000

type Looks = Pick<ObjectStore, 'freezePage' | 'endFreeze' | 'get'>

/** None is begun once the signal is aborted; the moment is let go of all the same. */
export function looksWithin(metadata: MetadataStore, signal: AbortSignal): Looks {
  const { objects } = metadata.within({ signal })
  return {
    freezePage: (bucket, query) => objects.freezePage(bucket, query),
    get: (bucket, key, versionId) => objects.get(bucket, key, versionId),
    endFreeze: (moment) => metadata.objects.endFreeze(moment),
  }
}

/** The metadata store cannot look at the moment any more. `ManifestCache` begins again. */
export class MomentLost extends Error {
  override readonly name = 'MomentLost'
}

export type FrozenStretch = {
  readonly objects: readonly FrozenObject[]
  /** The key behind the last of them, if there is one. */
  readonly next: string | undefined
}

/** Everything it does throws `MomentLost`. */
export class FrozenListing {
  private readonly objects: Pick<ObjectStore, 'freezePage' | 'endFreeze'>
  private readonly bucket: BucketRef
  /** That of the first look. */
  private moment: FrozenMoment | undefined

  constructor(objects: Pick<ObjectStore, 'freezePage' | 'endFreeze'>, bucket: BucketRef) {
    this.objects = objects
    this.bucket = bucket
  }

  /** In key order, the same each time it is asked. */
  async *stretches(prefix: string): AsyncGenerator<FrozenStretch, void, void> {
    let after: { readonly after?: string } = {}
    for (;;) {
      // One more than is given tells what follows the last.
      const page = await this.look({ prefix, ...after, limit: pageKeys + 1 })
      if (!page.isTruncated) {
        if (page.objects.length > 0) yield { objects: page.objects, next: undefined }
        return
      }
      const objects = page.objects.slice(0, pageKeys)
      yield { objects, next: page.objects[pageKeys]?.key }
      after = { after: objects.at(-1)?.key ?? '' }
      await setImmediate()
    }
  }

  async find(key: string): Promise<FrozenObject | undefined> {
    const { objects } = await this.look({ prefix: key, limit: 1 })
    return objects[0]?.key === key ? objects[0] : undefined
  }

  async isEmpty(prefix: string): Promise<boolean> {
    return (await this.look({ prefix, limit: 1 })).objects.length === 0
  }

  async close(): Promise<void> {
    if (this.moment !== undefined) await this.objects.endFreeze(this.moment)
  }

  private async look(query: Omit<FreezeQuery, 'moment'>): Promise<FrozenPage> {
    const { bucket, moment } = this
    const page = await this.objects.freezePage(bucket, moment ? { ...query, moment } : query)
    if (page.is === 'snapshotExpired') {
      throw new MomentLost(`bucket ${bucket.name} cannot be read as it was any more`)
    }
    this.moment = page.moment
    return page
  }
}
