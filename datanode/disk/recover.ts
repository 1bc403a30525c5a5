// What the primary does before anybody else opens the directory: believes the index and puts right
// what a stop left half done, or builds the index anew from the segments. Nothing that may hold
// acknowledged bytes is ever removed here.

import { dirname } from 'node:path'
import type { NodeProblem } from '../blob-node.ts'
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import { withLedger } from './chunk-ledger.ts'
import { indexAgrees, segmentIds } from './index-agrees.ts'
import { type Believed, believedIndex, recordTrust } from './index-trust.ts'
import { mendHeaders } from './mend-headers.ts'
import { rebuildIndex } from './rebuild-index.ts'
import type { Findings, RecoverOptions, RecoveryReport } from './recovery-report.ts'
import { type SegmentId, segmentHeaderBytes } from './segment-format.ts'
import { asideSuffix } from './settle-segments.ts'
import { errorCode, type VfsFile } from './vfs.ts'

export async function recover(
  options: RecoverOptions,
): Promise<{ index: ChunkIndex; token: string; report: RecoveryReport }> {
  const { vfs, paths } = options
  await vfs.makeDirectory(paths.segments)
  // The directory that names this store is synced by nobody else.
  for (const directory of [paths.root, dirname(paths.root)]) await vfs.syncDirectory(directory)
  const token = options.randomBytes(16).toString('hex')
  const findings: Findings = { unsealed: 0, problems: [] }
  const believed = await believedIndex(options, () => options.indexHome.digest())
  const trusted = believed && (await openTrusted(options, believed, findings))
  const index = trusted ?? (await openAnew(options, findings))
  try {
    if (trusted !== undefined) await settleLeftovers(options, trusted, findings)
    const uncertain = await hidesChunks(options, index)
    index.transact((txn) => {
      txn.remember('epoch', String(1 + Number(txn.remembered('epoch') ?? '0')))
      txn.remember('token', token)
      txn.remember('uncertain', uncertain ? '1' : '0')
    })
    const bootId = await vfs.bootId()
    await recordTrust(
      vfs,
      paths,
      bootId === undefined
        ? { is: 'none' }
        : { is: 'boot', token, bootId, kills: trusted === undefined ? 0 : (believed?.kills ?? 0) },
    )
  } catch (cause) {
    await index.close()
    throw cause
  }
  return { index, token, report: { rebuilt: trusted === undefined, ...findings } }
}

/** `undefined`: there is no index to believe. */
async function openTrusted(
  options: RecoverOptions,
  { token }: Believed,
  findings: Findings,
): Promise<ChunkIndex | undefined> {
  const { vfs, paths, indexHome } = options
  // Should opening it end the process, the next start rebuilds. From here on it also changes without
  // syncs, so what an orderly close said of it no longer holds.
  await recordTrust(vfs, paths, { is: 'none' })
  let index: ChunkIndex
  try {
    index = await indexHome.open()
  } catch {
    // Derived data that cannot be read: the segments say it all again.
    return undefined
  }
  try {
    if (index.remembered('token') === token) {
      const agreement = await indexAgrees(options, index)
      if (agreement.is === 'agrees') {
        await mendHeaders(options, agreement.damaged, findings)
        return index
      }
      findings.problems.push(...agreement.missing)
    }
  } catch {
    // As above.
  }
  await index.close()
  return undefined
}

async function openAnew(options: RecoverOptions, findings: Findings): Promise<ChunkIndex> {
  await recordTrust(options.vfs, options.paths, { is: 'none' })
  await options.indexHome.erase()
  const index = await options.indexHome.open()
  try {
    await rebuildIndex(options, index, findings)
  } catch (cause) {
    await index.close()
    throw cause
  }
  return index
}

/** True when chunks may lie where nothing can be read, so that nobody may call them absent. */
async function hidesChunks({ vfs, paths }: RecoverOptions, index: ChunkIndex): Promise<boolean> {
  const names = await vfs.list(paths.segments)
  return (
    names.some((name) => name.endsWith(asideSuffix)) ||
    index.segments().some(({ unknownBytes }) => unknownBytes > 0)
  )
}

async function settleLeftovers(
  options: RecoverOptions,
  index: ChunkIndex,
  findings: Findings,
): Promise<void> {
  const files = await segmentIds(options)
  for (const row of index.segments()) {
    const found = { row, problems: findings.problems }
    // The file of one that was retired goes with the next `reclaim`, which looks into it first.
    if (row.state === 'retired') continue
    if (!files.has(row.id)) noteMissing(options, index, found)
    else if (row.state === 'active') {
      findings.unsealed += 1
      await takeOver(options, index, found)
    }
  }
}

/** What is found wrong with a row's segment goes to `problems`. */
type Found = { readonly row: SegmentRow; readonly problems: NodeProblem[] }

function noteMissing(
  { paths }: Pick<RecoverOptions, 'paths'>,
  index: ChunkIndex,
  { row, problems }: Found,
): void {
  // The row is made before the file.
  if (row.chunks === 0) {
    index.transact((txn) => txn.removeSegment(row.id))
    return
  }
  index.transact((txn) => txn.putSegment({ ...row, state: 'damaged' }))
  problems.push({ file: paths.file(row.id), what: `is missing, with ${row.chunks} chunks` })
}

/** Removes the file of a segment in which nothing counts, then its row. Repeatable. */
export async function removeSegmentFile(
  { vfs, paths }: Pick<RecoverOptions, 'vfs' | 'paths'>,
  index: ChunkIndex,
  id: SegmentId,
): Promise<void> {
  try {
    await vfs.unlink(paths.file(id))
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
  }
  await vfs.syncDirectory(paths.segments)
  index.transact((txn) => txn.removeSegment(id))
}

/**
 * Ends a segment whose process is gone, by an index that agrees with the files: what lies past the
 * row's end was not acknowledged to anybody. It is never appended to again.
 */
export async function takeOver(
  { vfs, paths }: Pick<RecoverOptions, 'vfs' | 'paths'>,
  index: ChunkIndex,
  { row, problems }: Found,
): Promise<void> {
  const path = paths.file(row.id)
  const end = (state: SegmentRow['state']): void => {
    index.transact((txn) => withLedger(txn, (ledger) => ledger.amend(row.id, { state })))
  }
  let file: VfsFile
  try {
    file = await vfs.open(path, 'readWrite')
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
    noteMissing({ paths }, index, { row, problems })
    return
  }
  try {
    if (row.end === segmentHeaderBytes) {
      // Nothing was ever acknowledged from it; even its header may be missing.
      end('retired')
      return
    }
    const bytes = await file.size()
    if (bytes < row.end) {
      problems.push({ file: path, what: `ends at ${bytes}, not at ${row.end}` })
      end('damaged')
      return
    }
    end(await endFile(file, row.end))
  } finally {
    await file.close()
  }
  if (index.segment(row.id)?.state === 'suspect') {
    problems.push({ file: path, what: 'could not be synced; its chunks are moved' })
  }
}

async function endFile(file: VfsFile, end: number): Promise<'sealed' | 'suspect'> {
  try {
    await file.truncate(end)
    await file.datasync()
    return 'sealed'
  } catch (cause) {
    // What counts in it was durable before; but this file is not to be relied on any more.
    if (errorCode(cause) !== 'EIO') throw cause
    return 'suspect'
  }
}
