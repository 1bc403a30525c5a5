// One of the services that a client knows: its connections, and how it has been doing. One that failed is left out
// for a while that grows as it goes on failing; then a single call tries it.
import { Pool } from 'undici'
import type { WaitLimits } from '../../protocol/cluster/awaited-answer.ts'
import type { ClientTls } from '../../protocol/cluster/client-access.ts'
import { type Exchanged, exchange, type Request } from './exchange.ts'

export type EndpointOptions = {
  readonly origin: URL
  readonly tls: ClientTls
  readonly connections: number
}

const connectMs = 2000
/** Shorter than services keep them. */
const keepIdleMs = 60_000
const restFirstMs = 100
const restLongestMs = 15_000

export class ServiceEndpoint {
  readonly name: string
  readonly #pool: Pool
  #inFlight = 0
  #failures = 0
  #restUntilMs = 0

  constructor({ origin, tls, connections }: EndpointOptions) {
    this.name = origin.host
    this.#pool = new Pool(origin.origin, {
      connections,
      pipelining: 1,
      connect: { timeout: connectMs, noDelay: true, ...tls },
      keepAliveTimeout: keepIdleMs,
      keepAliveMaxTimeout: keepIdleMs,
      // Calls have deadlines of their own.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get restUntilMs(): number {
    return this.#restUntilMs
  }

  /** Whether a call may go there as if nothing had happened. */
  isUsable(nowMs: number): boolean {
    return this.#failures === 0 || (nowMs >= this.#restUntilMs && this.#inFlight === 0)
  }

  async send(request: Request, limits: WaitLimits): Promise<Exchanged> {
    this.#inFlight += 1
    try {
      return await exchange(this.#pool, request, limits)
    } finally {
      this.#inFlight -= 1
    }
  }

  worked(): void {
    this.#failures = 0
    this.#restUntilMs = 0
  }

  /** Calls that fail side by side are one failure. */
  failed(): void {
    const nowMs = performance.now()
    if (nowMs < this.#restUntilMs) return
    this.#restUntilMs = nowMs + Math.min(restLongestMs, restFirstMs * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 20)
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }
}

/**
 * The one with the fewest calls under way of those that are doing well and were not tried; of those that are not,
 * whose rest ends first. `undefined`: all were tried. `turn` lets equal ones have theirs.
 */
export function chooseEndpoint(
  endpoints: readonly ServiceEndpoint[],
  tried: ReadonlySet<ServiceEndpoint>,
  turn: number,
): ServiceEndpoint | undefined {
  const nowMs = performance.now()
  let usable: ServiceEndpoint | undefined
  let resting: ServiceEndpoint | undefined
  for (let step = 0; step < endpoints.length; step += 1) {
    const endpoint = endpoints[(turn + step) % endpoints.length]
    if (endpoint === undefined || tried.has(endpoint)) continue
    if (endpoint.isUsable(nowMs)) {
      if (usable === undefined || endpoint.inFlight < usable.inFlight) usable = endpoint
    } else if (resting === undefined || endpoint.restUntilMs < resting.restUntilMs) {
      resting = endpoint
    }
  }
  return usable ?? resting
}
