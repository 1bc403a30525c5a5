// `holdfast metadata`: opens the engine, serves it to whoever has the secret or a certificate, and stops in order.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { repeat } from '../../gateway/background/repeating.ts'
import { showHostPort } from '../../gateway/config/config-values.ts'
import type { MetadataServiceConfig } from '../../gateway/config/metadata-service-config.ts'
import { requestIds } from '../../gateway/http/request-id.ts'
import { showMetadataLocation } from '../../metadata/metadata-location.ts'
import {
  createMetadataService,
  type MetadataService,
} from '../../metadata/service/metadata-service.ts'
import { openServedMetadata } from '../stores/outer-metadata.ts'
import { listenFailure } from './listen-failure.ts'
import { openLog } from './log.ts'
import { followServiceTls, readServiceTls } from './service-tls.ts'
import type { Print } from './serving.ts'
import { onStopSignals } from './stop-signals.ts'

/** What was not well had ended by then. */
const wellMs = 60_000

/** Runs until a signal has stopped it. Rejects when it cannot start; everything is closed then. */
export async function serveMetadata(
  config: MetadataServiceConfig,
  { version, print }: { readonly version: string; readonly print: Print },
): Promise<void> {
  const shown = showMetadataLocation(config.location)
  print(`Holdfast ${version} starts as a metadata service of ${shown}.`)
  const tls = config.tls && (await readServiceTls(config.tls))
  const log = openLog(config.logLevel)
  const { store, engine, served } = await openServedMetadata(config.location, {
    print,
    onUnusable: (cause) => {
      // At once: what is under way may never be answered, and what is durable needs no closing.
      log.error('metadata cannot be written any more: this process ends', { cause })
      process.exit(1)
    },
  })
  for (const { what, details } of engine.findings) log.error(what, details)
  const upkeep = engine.upkeep.map((job) =>
    repeat(job, (name, cause) => log.error('background job failed', { job: name, cause })),
  )
  const stopping = new AbortController()
  const ids = requestIds(randomBytes(16).toString('hex'))
  const service = createMetadataService({
    store,
    lineage: store.lineage,
    nextRequestId: ids.next,
    onFailure: (cause, call) => log.error('a call failed', { ...call, cause }),
    check: async () => {
      await engine.check({ signal: stopping.signal })
    },
    ...(config.secret === undefined ? {} : { secret: config.secret }),
    ...(tls === undefined ? {} : { tls }),
  })
  try {
    onStopSignals(
      () => {
        print('Stopping; calls under way may end. A second signal stops at once.')
        stopping.abort()
      },
      () => process.exit(1),
    )
    const at = await listen(service, config)
    setTimeout(served, wellMs).unref()
    followServiceTls(service, config.tls, print)
    // Scripts may rely on this line; it is printed once everything serves.
    print(`Listening: metadata ${tls === undefined ? 'http' : 'https'}://${at}`)
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
    await service.close(config.drainMs)
  } finally {
    await Promise.all(upkeep.map((job) => job.stop()))
    await engine.close()
  }
  print('Stopped.')
}

async function listen(
  service: MetadataService,
  { listen: wanted }: MetadataServiceConfig,
): Promise<string> {
  try {
    const { address, port } = await service.listen(wanted.port, wanted.host)
    return showHostPort({ host: address, port })
  } catch (cause) {
    throw listenFailure('--listen', wanted, cause)
  }
}
