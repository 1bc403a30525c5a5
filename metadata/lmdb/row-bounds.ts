// How long keys of rows may be, table by table, so that LMDB can always split a page of theirs: longer than
// it takes would be refused, but rows of very unlike lengths are worse. Why: `docs/decisions/0034-rows-fit-pages.md`.

import { identityNameMax } from '../identity-records.ts'
import { rowIdBytes } from '../row-ids.ts'
import { headerBytes, pageBytes } from './page-layout.ts'
import { checksumBytes } from './row-checksum.ts'
import { bucketIdBytes, fillerBytes, minimumKeyBytes } from './row-keys.ts'
import type { TableName } from './tables.ts'

export type RowBounds = {
  /** Of keys: `put` refuses others. */
  readonly from: number
  readonly to: number
  /** The shortest value, without its checksum. For the proof: nothing is held against it. */
  readonly value: number
  /** The longest one, where that is known. */
  readonly valueTo?: number
  /** Few rows, in one page: it is never split. */
  readonly few?: true
}

/** S3's limit. */
const objectKeyBytesMax = 1024
const idBytes = 16
const numberBytes = 8
const chunkBytes = 32
const generationBytes = 6
/** A name's length, and one to so many characters. */
const tenant = { from: 2, to: 1 + 64 }
const namespace = { from: 2, to: 1 + 128 }
/** A bucket's name, by S3's rule. */
const name = { from: 3, to: 63 }
/** A record of a few fields: some are far longer. */
const record = 20
const history = {
  from: bucketIdBytes + 2,
  to: bucketIdBytes + 2 * objectKeyBytesMax + 2,
}
const ofObjects = { from: minimumKeyBytes, to: minimumKeyBytes - 1 + objectKeyBytesMax }
const ofHistories = { from: history.from + rowIdBytes, to: history.to + rowIdBytes, value: 0 }
/** A kind, and then a history at most, two numbers, a row id. */
const scope = { from: 5 + 2 * numberBytes, to: 1 + history.to + 2 * numberBytes + rowIdBytes }

/** A kind, a lane, or an owner: its length, and one to so many characters. */
const word = { from: 1, to: 32 }
const kind = sum(exactly(1), word)
const owner = { from: 2, to: 1 + 128 }
/** A kind, at least `user`, NUL, and a name. */
const identity = { from: 4 + 1 + 1, to: 32 + 1 + identityNameMax }
const job = sum(kind, tenant, exactly(idBytes))
/** Nothing is put there any more. */
const gone: RowBounds = { from: 0, to: 0, value: 0, few: true }

export const rowBounds: Readonly<Record<TableName, RowBounds>> = {
  tenants: { from: 1, to: 64, value: record },
  accessKeys: { from: 1, to: 128, value: record },
  buckets: { ...sum(namespace, name), value: record },
  bucketsOfTenants: { ...sum(tenant, namespace, name), value: 0, valueTo: 0 },
  bucketConfigs: { ...sum(exactly(bucketIdBytes), word), value: 8 },
  listing: gone,
  nulls: gone,
  versions: ofHistories,
  contents: { ...exactly(rowIdBytes), value: record },
  graveyard: ofHistories,
  uploads: ofHistories,
  uploadTimes: { ...exactly(idBytes), value: ofHistories.from },
  parts: { ...exactly(idBytes + 2), value: record },
  completions: { ...exactly(idBytes), value: record },
  lists: { ...exactly(idBytes + numberBytes), value: record },
  listOwners: { ...exactly(idBytes), value: 4 },
  listsOfOwners: { ...sum(owner, exactly(idBytes)), value: 0, valueTo: 0 },
  owners: { from: 1, to: 128, value: record },
  chunks: { ...exactly(chunkBytes), value: 8 },
  tombstones: { ...exactly(chunkBytes + generationBytes), value: 0 },
  orphans: { ...exactly(chunkBytes + generationBytes), value: 8 },
  tasks: { ...sum(kind, tenant, exactly(2 * numberBytes)), value: 4 },
  buriedTasks: { ...sum(kind, tenant, exactly(2 * numberBytes)), value: 4 },
  releases: gone,
  brokenReleases: gone,
  deletions: gone,
  commits: { ...exactly(idBytes), value: 4 },
  leases: { from: 1, to: 128, value: record },
  leaseLives: { ...exactly(numberBytes), value: 1, valueTo: 128 },
  leaseScopes: { ...scope, value: 0 },
  leaseScopesOf: { from: numberBytes + scope.from, to: numberBytes + scope.to, value: 0 },
  heldReleases: { ...exactly(2 * numberBytes), value: ofHistories.from },
  manifests: { ...exactly(idBytes), value: record },
  manifestScopes: { ...sum(tenant, exactly(2 * idBytes + numberBytes)), value: 0 },
  manifestPages: { ...exactly(idBytes + numberBytes), value: record },
  manifestPlaces: { ...exactly(idBytes + numberBytes), value: numberBytes },
  bundles: { ...exactly(idBytes), value: record },
  bundlesOfTenants: { ...sum(tenant, exactly(idBytes)), value: 0 },
  bundleGatherings: gone,
  archiveJobs: gone,
  archiveJobTimes: gone,
  archiveJobStates: gone,
  identities: { ...sum(tenant, exactly(fillerBytes), identity), value: 3 },
  tenantNames: { from: 1, to: 64, value: 1, valueTo: 64 },
  keysOfTenants: { ...sum(tenant, { from: 1, to: 128 }), value: 0, valueTo: 0 },
  keyUses: { from: fillerBytes + 1, to: fillerBytes + 128, value: 12 },
  usage: { ...sum(tenant, exactly(bucketIdBytes)), value: 48, valueTo: 48 },
  jobs: { ...job, value: record },
  jobTimes: { ...sum(job, exactly(numberBytes)), value: 0, valueTo: 0 },
  jobDues: { ...sum(kind, exactly(numberBytes), job), value: 0, valueTo: 0 },
  jobTurns: { ...sum(kind, tenant, exactly(numberBytes), job), value: 0, valueTo: 0 },
  jobClaims: { ...sum(owner, job), value: 0, valueTo: 0 },
  meta: { from: 1, to: 64, value: 0, few: true },
  objects: { ...ofObjects, value: rowIdBytes },
  nullVersions: { ...ofObjects, value: rowIdBytes },
}

const nodeHeaderBytes = 8
/** What stands in a node for a value that lies in pages of its own. */
const overflowBytes = 24
const pointerBytes = 2
const room = pageBytes - headerBytes
/** The longest node with its value in it: two go into a page. */
const nodeBytesMax = Math.floor(room / 4) * 2
/** A node up to here goes into a page of 32 or more that is cut in halves by number, whatever they weigh. */
const lightNodeBytes = Math.floor(room / 16)
const halfNodes = 16

/** Why LMDB could meet a page of such rows that it cannot split; undefined: it meets none. */
export function whyUnsplittable(bounds: RowBounds): string | undefined {
  if (bounds.few) return undefined
  if (nodeBytes(bounds.to + overflowBytes) > nodeBytesMax) return 'two keys do not fit into a page'
  const { from, to, value, valueTo = nodeBytesMax } = bounds
  if (
    isTopHeavy(nodeBytes(from + value + checksumBytes), nodeBytes(to + valueTo + checksumBytes))
  ) {
    return 'a leaf with 16 short rows may have no room for another'
  }
  if (isTopHeavy(nodeBytes(from), nodeBytes(to))) {
    return 'a branch with 16 short keys may have no room for another'
  }
  return undefined
}

/** A node may go to the half of a page that weighs more, for which there is as much room as the other half weighs. */
function isTopHeavy(shortest: number, longest: number): boolean {
  return halfNodes * shortest < Math.min(lightNodeBytes, longest)
}

/** With its pointer; nodes begin at even places. */
function nodeBytes(bytes: number): number {
  return 2 * Math.ceil((nodeHeaderBytes + bytes) / 2) + pointerBytes
}

function exactly(bytes: number): { from: number; to: number } {
  return { from: bytes, to: bytes }
}

function sum(...parts: readonly { from: number; to: number }[]): { from: number; to: number } {
  return {
    from: parts.reduce((bytes, { from }) => bytes + from, 0),
    to: parts.reduce((bytes, { to }) => bytes + to, 0),
  }
}
