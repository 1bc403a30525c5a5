// Chooses the engines of a server and opens them: the one place that knows which there are.
import { randomBytes } from 'node:crypto'
import type { OpenedNode } from '../../datanode/blob-node.ts'
import { diskEngine } from '../../datanode/disk/disk-engine.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { openMasterKey } from '../../gateway/access/keys/master-key-file.ts'
import { LivingOwner } from '../../gateway/background/keep-owner.ts'
import type { Config } from '../../gateway/config/config.ts'
import type { Log } from '../../gateway/log.ts'
import { lmdbEngine } from '../../metadata/lmdb/lmdb-engine.ts'
import type { StoreEngine } from '../../protocol/store/store-engine.ts'
import { lineageEngine } from '../stores/lineage-engine.ts'
import type { LineageKeeper } from '../stores/lineage-keeper.ts'
import { type OuterMetadata, openOuterMetadata } from '../stores/outer-metadata.ts'
import { openBeside, proveBeside } from '../stores/pair-outer.ts'
import { openPair, type PairOptions, type Proof, proveStores } from '../stores/pair-stores.ts'
import { diskReserve } from './disk-reserve.ts'
import { EngineLoss } from './engine-loss.ts'
import { openLog } from './log.ts'
import { ProcessEngines, type Stores, unlessFull } from './process-engines.ts'
import type { OpenEngines, ProcessRole } from './serving.ts'

const noSignal = new AbortController().signal

export const openEngines: OpenEngines = async (config, { role, processId, readAll = false }) => {
  const log = openLog(config.logLevel)
  const loss = new EngineLoss(role, log)
  const outer =
    config.metadata === undefined ? undefined : await openOuter(config, { role, log, loss })
  try {
    return await openBehind(config, { role, processId, readAll, outer, log, loss })
  } catch (cause) {
    await outer?.engine.close()
    throw cause
  }
}

type Opening = {
  readonly role: ProcessRole
  readonly processId: string
  readonly readAll: boolean
  readonly outer: OuterMetadata | undefined
  readonly log: Log
  readonly loss: EngineLoss
}

async function openBehind(config: Config, opening: Opening): Promise<ProcessEngines> {
  const { role, processId, log, loss } = opening
  // Looked at before anything is made: a new key next to old data would hide that theirs is missing.
  const proof = role === 'worker' ? undefined : await prove(config, opening)
  const { key: masterKey } = await openMasterKey(config.masterKeyFile, {
    random: randomBytes,
    mayCreate: proof?.isNew === true,
  })
  const stores = await openStores(config, { ...opening, proof })
  const owner = await beginOwner(stores, { processId, log })
  return new ProcessEngines({ config, masterKey, processId, owner, log, loss, ...stores })
}

/** In whose name this process begins what it begins. */
export function beginOwner(
  { metadata }: Pick<Stores, 'metadata'>,
  { processId, log }: { readonly processId: string; readonly log: Log },
): Promise<LivingOwner> {
  return LivingOwner.begin({
    owners: metadata.owners,
    processId,
    onFailure: (cause) => log.error('heartbeat failed', { cause }),
    onEnded: (ended) => log.error('this process was silent for too long', { owner: ended }),
  })
}

function openOuter(
  { metadata: location = '', cluster }: Config,
  { role, log, loss }: Pick<Opening, 'role' | 'log' | 'loss'>,
): Promise<OuterMetadata> {
  return openOuterMetadata({
    ...{ location, cluster, role: role === 'worker' ? 'worker' : 'primary' },
    print: (line) => log.info(line),
    onUnusable: loss.meets('metadata cannot be written any more'),
  })
}

function prove({ dataDirectory }: Config, { outer, readAll }: Opening): Promise<Proof> {
  return outer === undefined
    ? proveStores(dataDirectory, { readAll })
    : proveBeside(dataDirectory, outer.store.lineage)
}

type OpeningStores = Opening & { readonly proof: Proof | undefined }

async function openStores(config: Config, opening: OpeningStores): Promise<Stores> {
  const { role, outer, log, loss, processId, proof } = opening
  const options: PairOptions = {
    dataDirectory: config.dataDirectory,
    role: role === 'worker' ? 'worker' : 'primary',
    ...{ processId, proof },
    onMetadataUnusable: loss.meets('metadata cannot be written any more'),
    onIndexUnusable: loss.meets('the chunk index cannot be read any more'),
  }
  if (outer !== undefined) {
    const { blobs, lineage } = await openBeside(options, outer)
    return besideOuter(config, { ...opening, outer, blobs, lineage })
  }
  const { metadata, blobs, lineage } = await openPair(options)
  const reserve = diskReserve({
    ...{ dataDirectory: config.dataDirectory, vfs: realVfs, log, holds: ['metadata', 'index'] },
    isFull: () => blobs.isFull(),
  })
  if (role !== 'worker') {
    await reserve.run(noSignal)
    // The lock of the directory proves that they are gone, whoever they were.
    await unlessFull(metadata.owners.endFormerLives())
  }
  const engines = [...notesOf(lineage, log), diskEngine(blobs), lmdbEngine(metadata)]
  return { metadata, blobs, node: blobs, engines, keeping: [reserve] }
}

type Beside = OpeningStores & {
  readonly outer: OuterMetadata
  readonly blobs: OpenedNode
  readonly lineage: LineageKeeper | undefined
}

/** Others may work on the same metadata: whoever was begun here before ends when he has been silent for long enough. */
async function besideOuter(
  { dataDirectory }: Config,
  { role, outer, blobs, lineage, log }: Beside,
): Promise<Stores> {
  const reserve = diskReserve({
    ...{ dataDirectory, vfs: realVfs, log, holds: ['index'] },
    isFull: () => blobs.isFull(),
  })
  if (role !== 'worker') await reserve.run(noSignal)
  const engines = [...notesOf(lineage, log), diskEngine(blobs), outer.engine]
  return { metadata: outer.store, blobs, node: blobs, engines, keeping: [reserve] }
}

function notesOf(lineage: LineageKeeper | undefined, log: Log): readonly StoreEngine[] {
  return lineage === undefined ? [] : [lineageEngine(lineage, log)]
}
