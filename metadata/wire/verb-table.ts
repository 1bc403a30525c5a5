// What a metadata service serves, noun by noun: of each verb, only what cannot be said of all of them. The compiler
// holds it against the ports, so that no verb is forgotten. Service and client both go by it: it is the one place
// that knows whether a call may be made again when its answer was lost.
import type { LineageStore } from '../lineage-store.ts'
import type { MetadataStore } from '../metadata-store.ts'
import type { WireForm } from './wire-value.ts'

/** `LineageStore.watch` looks at a file of its own machine: through a service, nobody can be told so. */
export type ServedNouns = Omit<MetadataStore, 'within' | 'close'> & {
  readonly lineage: Omit<LineageStore, 'watch'>
}

/**
 * `read`: changes nothing. `repeatable`: done twice is done once, and is answered alike. `once`: a repeat may
 * claim something else, or would be answered as if somebody else had done it, so that a lost answer is told.
 */
type PlainRow = {
  readonly is: 'read' | 'repeatable' | 'once'
  /** Many rows of the same few members: packed by columns' names once. */
  readonly answer?: 'rows'
  /** Answers how much there was to do: a repeat tells what was left, to callers who go on until there is nothing. */
  readonly counts?: true
  /** Where it names a moment of one engine: in the second argument and the answer, or as the first argument. */
  readonly moment?: 'page' | 'bare'
}

/** Done once for each commit id, which stands in the options, the argument at that place. */
type NamedRow<Place extends number = number> = { readonly is: 'named'; readonly options: Place }

export type VerbRow = PlainRow | NamedRow

type OptionsPlace<Verb> = Verb extends (...args: infer Args) => unknown
  ? Required<Args> extends readonly [...infer Before, infer Last]
    ? 'commitId' extends keyof Last
      ? Before['length']
      : never
    : never
  : never

type RowOf<Verb> = [OptionsPlace<Verb>] extends [never]
  ? PlainRow
  : NamedRow<OptionsPlace<Verb> & number>

type VerbTable = {
  readonly [Noun in keyof ServedNouns]: {
    readonly [Verb in keyof ServedNouns[Noun]]: RowOf<ServedNouns[Noun][Verb]>
  }
}

const read = { is: 'read' } as const
const readRows = { is: 'read', answer: 'rows' } as const
const repeatable = { is: 'repeatable' } as const
const counting = { is: 'repeatable', counts: true } as const
const once = { is: 'once' } as const

function named<Place extends number>(options: Place): NamedRow<Place> {
  return { is: 'named', options }
}

export const verbTable: VerbTable = {
  tenants: {
    create: once,
    get: read,
    byName: read,
    list: read,
    update: once,
    remove: repeatable,
    putAccessKey: repeatable,
    getAccessKey: read,
    listAccessKeys: read,
    removeAccessKey: repeatable,
    noteKeyUse: repeatable,
    keyUse: read,
  },
  identities: {
    revision: read,
    get: read,
    getMany: read,
    list: read,
    count: read,
    commit: named(2),
    removeAll: counting,
  },
  buckets: {
    create: once,
    get: read,
    delete: once,
    list: read,
    setVersioning: repeatable,
  },
  bucketConfigs: {
    get: read,
    getMany: read,
    put: once,
    delete: once,
  },
  objects: {
    commit: named(1),
    get: read,
    delete: named(1),
    setTags: named(3),
    setGrants: named(3),
    list: readRows,
    listVersions: readRows,
    getRow: read,
    dataOfRows: read,
    freezePage: { is: 'read', answer: 'rows', moment: 'page' },
    endFreeze: { is: 'repeatable', moment: 'bare' },
  },
  uploads: {
    create: named(2),
    get: read,
    commitPart: named(3),
    listParts: readRows,
    readParts: read,
    list: read,
    complete: named(1),
    completed: read,
    abort: named(2),
    abortStale: counting,
  },
  chunks: {
    find: read,
    extendList: repeatable,
    abandonList: repeatable,
    abandonListsOf: counting,
    readList: readRows,
    list: readRows,
    areReferenced: read,
  },
  orphans: {
    // Adds to a count, and what it condemns it answers once.
    served: once,
    review: once,
    endPass: repeatable,
    count: read,
    deferDeletions: repeatable,
    defersDeletions: read,
  },
  outbox: {
    // What a lost answer had claimed comes back when its lease ends.
    claim: once,
    release: repeatable,
    done: repeatable,
    retryLater: repeatable,
    bury: repeatable,
    unfinished: read,
    depthEstimate: read,
    buriedEstimate: read,
  },
  owners: {
    begin: repeatable,
    beat: repeatable,
    end: repeatable,
    endOverdue: counting,
    // Others may have begun by the time it is asked again.
    endFormerLives: once,
    ended: read,
    forget: repeatable,
  },
  leases: {
    take: repeatable,
    renew: repeatable,
    narrow: repeatable,
    handOver: named(2),
    letGo: repeatable,
    letGoOf: counting,
    expire: counting,
    holding: read,
  },
  manifests: {
    begin: repeatable,
    putPages: repeatable,
    seal: repeatable,
    get: read,
    ofScope: read,
    ofTenant: read,
    pageAt: read,
    moveToScope: named(2),
    touch: repeatable,
    stale: read,
    remove: repeatable,
  },
  bundles: {
    create: once,
    put: once,
    get: read,
    list: read,
    remove: repeatable,
    expired: read,
  },
  jobs: {
    get: read,
    put: once,
    list: read,
    claimDue: once,
    giveBackOf: counting,
    remove: repeatable,
  },
  usage: {
    ofBucket: read,
    ofTenant: read,
    fold: counting,
  },
  lineage: {
    get: read,
    put: repeatable,
    advance: repeatable,
    commits: read,
  },
}

export type ServedVerb = {
  readonly noun: keyof ServedNouns
  readonly verb: string
  /** Where it is called. */
  readonly path: string
  readonly row: VerbRow
}

/** Of this form of the calls: `docs/decisions/0037-the-metadata-service.md`. */
export const wireVersion = 1

const nouns = Object.keys(verbTable) as readonly (keyof ServedNouns)[]

export const servedVerbs: readonly ServedVerb[] = nouns.flatMap((noun) =>
  Object.entries<VerbRow>(verbTable[noun]).map(([verb, row]) => ({
    noun,
    verb,
    path: `/v${wireVersion}/${noun}/${verb}`,
    row,
  })),
)

const verbsByPath: ReadonlyMap<string, ServedVerb> = new Map(
  servedVerbs.map((served) => [served.path, served]),
)

/** `undefined`: there is none there. */
export function verbAt(path: string): ServedVerb | undefined {
  return verbsByPath.get(path)
}

/** Of its answers; arguments are always plain. */
export function formOf(row: VerbRow): WireForm {
  return row.is === 'named' ? 'plain' : (row.answer ?? 'plain')
}
