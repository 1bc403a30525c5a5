// `holdfast datanode`: takes the directory, proves that its chunks belong to the metadata, serves them to whoever has the
// secret or a certificate, and does what the keeper of a node does.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { diskEngine } from '../../datanode/disk/disk-engine.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { createDataNode } from '../../datanode/server/data-node.ts'
import { repeat } from '../../gateway/background/repeating.ts'
import { startBackground } from '../../gateway/compose/background.ts'
import { showHostPort } from '../../gateway/config/config-values.ts'
import type { DatanodeConfig } from '../../gateway/config/datanode-config.ts'
import { requestIds } from '../../gateway/http/request-id.ts'
import type { Log } from '../../gateway/log.ts'
import type { StoreEngine } from '../../protocol/store/store-engine.ts'
import { lockDataDirectory } from '../stores/data-directory.ts'
import { lineageEngine } from '../stores/lineage-engine.ts'
import { openOuterMetadata } from '../stores/outer-metadata.ts'
import { openBeside, proveBeside } from '../stores/pair-outer.ts'
import { requireOwnDirectory, requireRestored } from '../stores/store-marker.ts'
import { diskReserve } from './disk-reserve.ts'
import { endProcess } from './engine-loss.ts'
import { listenFailure } from './listen-failure.ts'
import { openLog } from './log.ts'
import { beginOwner } from './open-engines.ts'
import { scrubBytesPerSecond, unlessFull } from './process-engines.ts'
import { followServiceTls, readServiceTls } from './service-tls.ts'
import type { Print } from './serving.ts'
import { onStopSignals } from './stop-signals.ts'
import { newProcessId } from './worker-pool.ts'

type Closers = (() => Promise<void> | void)[]
const noSignal = new AbortController().signal

/** Runs until a signal has stopped it. Rejects when it cannot start; everything is closed then. */
export async function serveDatanode(
  config: DatanodeConfig,
  { version, print }: { readonly version: string; readonly print: Print },
): Promise<void> {
  print(`Holdfast ${version} starts as a data node; its chunks are in ${config.dataDirectory}.`)
  const stopping = new AbortController()
  onStopSignals(
    () => {
      print('Stopping; calls under way may end. A second signal stops at once.')
      stopping.abort()
    },
    () => process.exit(1),
  )
  // What was opened last is closed first, also when a later step fails.
  const closers: Closers = []
  try {
    const log = openLog(config.logLevel)
    const kept = await openKept(config, { log, print, closers })
    await keepAndServe(config, { ...kept, log, print, closers })
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  } finally {
    for (const close of closers.reverse()) await close()
  }
  print('Stopped.')
}

type Opening = { readonly log: Log; readonly print: Print; readonly closers: Closers }

async function openKept(config: DatanodeConfig, { log, print, closers }: Opening) {
  const { dataDirectory } = config
  await requireOwnDirectory(dataDirectory, [])
  await requireRestored(dataDirectory)
  const lock = await lockDataDirectory(dataDirectory, {
    ...{ pid: process.pid, wait: sleep, as: 'server' },
  })
  closers.push(() => lock.release())
  const outer = await openOuterMetadata({
    ...{ location: config.metadata, cluster: config.cluster, role: 'primary', print },
    onUnusable: (cause) => endProcess(log, 'metadata cannot be written any more', cause),
  })
  closers.push(() => outer.engine.close())
  const proof = await proveBeside(dataDirectory, outer.store.lineage)
  const processId = newProcessId(process.pid)
  const { blobs, lineage } = await openBeside(
    {
      ...{ dataDirectory, role: 'primary', processId, proof },
      onIndexUnusable: (cause) => endProcess(log, 'the chunk index cannot be read any more', cause),
    },
    outer,
  )
  const notes = lineage === undefined ? [] : [lineageEngine(lineage, log)]
  const engines: readonly StoreEngine[] = [...notes, diskEngine(blobs)]
  closers.push(async () => {
    for (const engine of engines) await engine.close()
  })
  for (const { findings } of engines) {
    for (const { what, details } of findings) log.error(what, details)
  }
  return { outer, blobs, engines, processId }
}

type Keeping = Opening & Awaited<ReturnType<typeof openKept>>

async function keepAndServe(config: DatanodeConfig, keeping: Keeping): Promise<void> {
  const { blobs, engines, log, print, closers } = keeping
  const tls = config.tls && (await readServiceTls(config.tls))
  const node = createDataNode({
    node: blobs,
    nextRequestId: requestIds(randomBytes(16).toString('hex')).next,
    onFailure: (cause, call) => log.error('a call failed', { ...call, cause }),
    check: async () => {
      await Promise.all(engines.map((engine) => engine.check({ signal: noSignal })))
    },
    ...(config.secret === undefined ? {} : { secret: config.secret }),
    ...(tls === undefined ? {} : { tls }),
  })
  await startKeeping(config, keeping)
  const { host, port } = config.listen
  const at = await node.listen(port, host).catch((cause: unknown) => {
    throw listenFailure('--listen', config.listen, cause)
  })
  closers.push(() => node.close(config.drainMs))
  followServiceTls(node, config.tls, print)
  const scheme = tls === undefined ? 'http' : 'https'
  // Scripts may rely on this line; it is printed once everything serves.
  print(`Listening: datanode ${scheme}://${showHostPort({ host: at.address, port: at.port })}`)
}

/** Upkeep of the stores, of the disk, and the sweeps, unless another keeper has them. */
async function startKeeping(
  config: DatanodeConfig,
  { outer, blobs, engines, log, closers, processId }: Keeping,
): Promise<void> {
  const { dataDirectory } = config
  const reserve = diskReserve({
    ...{ dataDirectory, vfs: realVfs, log, holds: ['index'] },
    isFull: () => blobs.isFull(),
  })
  await reserve.run(noSignal)
  const upkeep = engines.flatMap((engine) =>
    engine.upkeep.map((job) =>
      repeat(job, (name, cause) => log.error('background job failed', { job: name, cause })),
    ),
  )
  closers.push(async () => {
    await Promise.all(upkeep.map((job) => job.stop()))
  })
  const metadata = outer.store
  const owner = await beginOwner({ metadata }, { processId, log })
  closers.push(() =>
    unlessFull(owner.end()).catch((cause: unknown) =>
      log.error('the last heartbeat failed', { cause }),
    ),
  )
  const background = startBackground({
    ...{ metadata, blobs, node: blobs, random: randomBytes, now: Date.now, log },
    owner: () => owner.id,
    works: {},
    moreJobs: [reserve],
    options: {
      staleUploadMs: config.staleUploadAgeMs,
      keepOrphansMs: config.keepOrphansMs,
      scrubBytesPerSecond,
    },
  })
  closers.push(() => background.stop())
}
