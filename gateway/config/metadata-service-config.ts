// What `holdfast metadata` runs with: a few settings of the table, checked as a whole. The other settings may
// stand in the same file, and say nothing here.

import { type MetadataLocation, parseMetadataLocation } from '../../metadata/metadata-location.ts'
import { type ClusterSecret, isLoopback } from '../../protocol/cluster/cluster-secret.ts'
import { type LogLevel, logLevels } from '../log.ts'
import { type ConfigSources, collectSettings, messageOf } from './config-sources.ts'
import {
  BadValue,
  bounded,
  type HostPort,
  oneOf,
  parseDurationMs,
  parseHostPort,
  parsePath,
  parseSwitch,
} from './config-values.ts'
import { SettingValues } from './setting-values.ts'
import type { SettingName } from './settings.ts'
import { takeClusterSecret } from './take-cluster-secret.ts'
import { type TlsPaths, takeTls } from './take-tls.ts'

export const metadataServiceSettings = [
  ...(['metadata', 'cluster-secret-file', 'cluster-secret', 'cluster-without-tls'] as const),
  ...(['tls-cert', 'tls-key', 'tls-ca', 'log-level', 'drain-time', 'config'] as const),
] satisfies readonly SettingName[]

export type MetadataServiceConfig = {
  readonly location: ServedLocation
  readonly listen: HostPort
  readonly secret: ClusterSecret | undefined
  readonly tls: (TlsPaths & { readonly caFile?: string }) | undefined
  readonly logLevel: LogLevel
  readonly drainMs: number
}

/** Those that it can serve: what is behind another service needs no second one. */
export type ServedLocation = Exclude<MetadataLocation, { is: 'service' }>

export type ParsedServiceConfig =
  | { readonly is: 'config'; readonly config: MetadataServiceConfig }
  | { readonly is: 'mistakes'; readonly mistakes: readonly string[] }

export const metadataListenDefault = '127.0.0.1:9002'

export function parseMetadataServiceConfig(sources: ConfigSources): ParsedServiceConfig {
  const mistakes: string[] = []
  const values = new SettingValues(collectSettings(sources, mistakes), mistakes)
  const location = takeLocation(values, mistakes)
  const config = {
    listen: values.take('listen', parseHostPort) ?? parseHostPort(metadataListenDefault),
    secret: takeClusterSecret(values, sources),
    tls: takeServiceTls(values, sources),
    logLevel: values.takeOr('log-level', oneOf(logLevels)),
    drainMs: values.takeOr('drain-time', bounded(parseDurationMs, '0s', '1h')),
  }
  const isPlainAllowed = values.takeOr('cluster-without-tls', parseSwitch)
  requireAccess(config, { isPlainAllowed, mistakes })
  if (mistakes.length > 0 || location === undefined) return { is: 'mistakes', mistakes }
  return { is: 'config', config: { ...config, location } }
}

function takeLocation(values: SettingValues, mistakes: string[]): ServedLocation | undefined {
  if (!values.has('metadata')) {
    mistakes.push('--metadata: is needed, such as lmdb:./metadata')
    return undefined
  }
  return values.take('metadata', (raw) => {
    const parsed = parseMetadataLocation(raw)
    if (parsed.is === 'mistakes') throw new BadValue(parsed.mistakes.join('; '))
    if (parsed.location.is !== 'service') return parsed.location
    throw new BadValue(
      'a metadata service serves lmdb:DIR or mongodb://…; no second one is needed before it',
    )
  })
}

export function takeServiceTls(
  values: SettingValues,
  sources: ConfigSources,
): MetadataServiceConfig['tls'] {
  const pair = takeTls(values, sources)
  const caFile = values.take('tls-ca', (path) => {
    try {
      sources.readFile(path)
    } catch (cause) {
      throw new BadValue(`${path} cannot be read (${messageOf(cause)})`)
    }
    return parsePath(path)
  })
  if (caFile !== undefined && pair === undefined) values.refuse('tls-ca', 'needs --tls-cert too')
  return pair && (caFile === undefined ? pair : { ...pair, caFile })
}

export function requireAccess(
  { listen, secret, tls }: Pick<MetadataServiceConfig, 'listen' | 'secret' | 'tls'>,
  {
    isPlainAllowed,
    mistakes,
    what = 'a metadata service',
  }: { readonly isPlainAllowed: boolean; readonly mistakes: string[]; readonly what?: string },
): void {
  // What is wrong with one that is set has been said.
  if (mistakes.length > 0) return
  if (secret === undefined && tls?.caFile === undefined) {
    mistakes.push(`--cluster-secret-file: is needed, or --tls-ca: nobody else may call ${what}`)
  }
  if (tls !== undefined || isLoopback(listen.host) || isPlainAllowed) return
  mistakes.push(
    `--listen: the secret would be shown without TLS at ${listen.host}; set --tls-cert and --tls-key, or --cluster-without-tls on in a network that nobody else is in`,
  )
}
