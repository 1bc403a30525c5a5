// What `holdfast datanode` runs with: a few settings of the table, checked as a whole. The other settings may stand in
// the same file, and say nothing here.
import { type ClusterSecret, parseClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import { type LogLevel, logLevels } from '../log.ts'
import {
  type ClusterAccess,
  requireSetting,
  takeClusterAccess,
  takeMetadataLocation,
} from './cluster-access.ts'
import { type ConfigSources, collectSettings } from './config-sources.ts'
import {
  bounded,
  type HostPort,
  oneOf,
  parseDurationMs,
  parseHostPort,
  parsePath,
} from './config-values.ts'
import { requireAccess, takeServiceTls } from './metadata-service-config.ts'
import { SettingValues } from './setting-values.ts'
import type { SettingName } from './settings.ts'
import type { TlsPaths } from './take-tls.ts'

export const datanodeSettings = [
  ...([
    'data',
    'metadata',
    'cluster-secret-file',
    'cluster-secret',
    'cluster-without-tls',
  ] as const),
  ...(['cluster-ca', 'cluster-cert', 'cluster-key', 'tls-cert', 'tls-key', 'tls-ca'] as const),
  ...(['keep-orphans', 'stale-upload-age', 'log-level', 'drain-time', 'config'] as const),
] satisfies readonly SettingName[]

export type DatanodeConfig = {
  readonly dataDirectory: string
  /** May hold a password. */
  readonly metadata: string
  readonly listen: HostPort
  /** How metadata services are called; also who may call here. */
  readonly cluster: ClusterAccess
  readonly secret: ClusterSecret | undefined
  readonly tls: (TlsPaths & { readonly caFile?: string }) | undefined
  readonly keepOrphansMs: number
  readonly staleUploadAgeMs: number
  readonly logLevel: LogLevel
  readonly drainMs: number
}

export type ParsedDatanodeConfig =
  | { readonly is: 'config'; readonly config: DatanodeConfig }
  | { readonly is: 'mistakes'; readonly mistakes: readonly string[] }

export const datanodeListenDefault = '127.0.0.1:9003'

export function parseDatanodeConfig(sources: ConfigSources): ParsedDatanodeConfig {
  const mistakes: string[] = []
  const values = new SettingValues(collectSettings(sources, mistakes), mistakes)
  requireSetting(
    values,
    'metadata',
    'is needed: https://HOST:PORT of metadata services, or mongodb://…',
  )
  const metadata = takeMetadataLocation(values)
  const cluster = takeClusterAccess(values, sources)
  const config = {
    dataDirectory: values.takeOr('data', parsePath),
    listen: values.take('listen', parseHostPort) ?? parseHostPort(datanodeListenDefault),
    cluster,
    secret: cluster.secret === undefined ? undefined : parseClusterSecret(cluster.secret),
    tls: takeServiceTls(values, sources),
    keepOrphansMs: values.takeOr('keep-orphans', bounded(parseDurationMs, '0s', '3650d')),
    staleUploadAgeMs: values.takeOr('stale-upload-age', bounded(parseDurationMs, '1m', '3650d')),
    logLevel: values.takeOr('log-level', oneOf(logLevels)),
    drainMs: values.takeOr('drain-time', bounded(parseDurationMs, '0s', '1h')),
  }
  const isPlainAllowed = cluster.unencrypted === 'allowed'
  requireAccess(config, { isPlainAllowed, mistakes, what: 'a data node' })
  if (mistakes.length > 0 || metadata === undefined) return { is: 'mistakes', mistakes }
  return { is: 'config', config: { ...config, metadata } }
}
