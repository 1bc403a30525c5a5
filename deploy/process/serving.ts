// What the process tree is built of, as small ports: `server.ts` wires the real ones, tests hand in
// their own.

import type { MasterKey } from '../../gateway/access/keys/master-key-file.ts'
import type { AdminApi } from '../../gateway/admin/admin-api.ts'
import type { AddLine } from '../../gateway/audit/audit-requests.ts'
import type { Config } from '../../gateway/config/config.ts'
import type { HostPort } from '../../gateway/config/config-values.ts'
import type { Readiness } from '../../gateway/http/admin-health.ts'
import type { TlsPem } from '../../gateway/http/s3-server.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'

/**
 * `whole`: the only process, unless its engines are lost. `primary`: holds the engines for background work and serves no S3.
 * `worker`: serves S3 and does no background work.
 */
export type ProcessRole = 'whole' | 'primary' | 'worker'

/** The engines of one process, opened. */
export interface Engines {
  readonly tenants: MetadataStore['tenants']
  readonly masterKey: MasterKey
  /**
   * Resolves when this process can use its engines no more on a disk that is read-only, or was when that came.
   * It does no background work from then on, and workers alone serve. Of a worker, which ends: never.
   */
  readonly lost: Promise<void>
  /** Starts to serve S3 in this process. Rejects when the address cannot be listened on. */
  serveS3(options: {
    readonly listen: HostPort
    readonly tls: TlsPem | undefined
    /** Takes a line of each request. Undefined: nobody keeps them. */
    readonly audit: AddLine | undefined
  }): Promise<S3Listener>
  /** The admin API, for one port to serve. */
  adminApi(options: { readonly audit: AddLine | undefined }): AdminApi
  /** Starts what a server does besides answering. To be called once, in one process. */
  startBackgroundWork(): void
  /** Clears up after a process that has ended; `living` are those that have not. Not for workers. */
  processLeft(left: string, living: ReadonlySet<string>): Promise<void>
  /** What is counted, when the engines answer or are lost; rejects with what is wrong. Cheap. */
  check(signal?: AbortSignal): Promise<Readiness['details']>
  /** Ends background work and lets go of everything. What is lost is left as it is. */
  close(): Promise<void>
}

/**
 * `processId` is unique to this life of the process: what it leaves behind is found by it. `readAll`: the
 * metadata may be damaged, and all of them are read before they are opened. Not for workers.
 */
export type OpenEngines = (
  config: Config,
  process: { readonly role: ProcessRole; readonly processId: string; readonly readAll?: boolean },
) => Promise<Engines>

/** S3 in one process, or in several behind one address. */
export interface S3Listener {
  /** As it really is: with the port that was chosen when 0 was asked for. */
  readonly address: HostPort
  /** Takes effect for new connections. */
  setTls(tls: TlsPem): void
  /** Stops accepting, lets requests under way end within `drainMs`, then cuts them off. */
  close(drainMs: number): Promise<void>
}

/** S3 as a server has it. */
export interface S3Service extends S3Listener {
  /** How many processes listen now. */
  readonly listeningCount: number
  /** Resolves when it cannot be served any more, with the reason. */
  readonly failed: Promise<string>
}

export type Print = (line: string) => void
