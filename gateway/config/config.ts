// What the server runs with, checked as a whole before anything starts. The only place that reads
// `process.env`. Which settings there are is in `settings.ts`.

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseTasksSetting, type TasksSetting } from '../../metadata/tasks/tasks-setting.ts'
import type { ObjectOwnership } from '../../protocol/s3/acl/object-ownership.ts'
import { type LogLevel, logLevels } from '../log.ts'
import { type AuditSetting, takeAudit } from './audit-setting.ts'
import { type ClusterAccess, takeClusterAccess, takeMetadataLocation } from './cluster-access.ts'
import { type ConfigSources, collectSettings } from './config-sources.ts'
import {
  BadValue,
  bounded,
  type HostPort,
  oneOf,
  parseAccessKeyId,
  parseBytes,
  parseDomains,
  parseDurationMs,
  parseHostPort,
  parseOrigins,
  parseOwnership,
  parsePath,
  parseRegion,
  parseSecretKey,
  parseSwitch,
  wholeNumber,
} from './config-values.ts'
import { foreignSettings } from './setting-hints.ts'
import { SettingValues } from './setting-values.ts'
import { settingOf } from './settings.ts'
import { type LdapSettings, takeLdap } from './take-ldap.ts'
import { type OidcSettings, takeOidc } from './take-oidc.ts'
import { type TlsPaths, takeTls } from './take-tls.ts'

/** Plain data, so that it can be handed to worker processes. */
export type Config = ServingConfig & {
  /** Where other settings were read from, if anywhere. */
  readonly configFile?: string
  readonly dataDirectory: string
  readonly workers: number
  /** Where the metadata are, if not in the data directory. May hold a password. */
  readonly metadata?: string
}

/** What any process runs with that serves S3 or does what follows from it. */
export type ServingConfig = {
  readonly listen: HostPort
  readonly adminListen: HostPort
  /** Lower case. Empty: path style only. */
  readonly domains: readonly string[]
  readonly region: string
  /** Requests may be signed for whatever region. */
  readonly anyRegion: boolean
  /** New buckets begin with public access blocked. */
  readonly blockPublicAccess: boolean
  /** Of new buckets. */
  readonly objectOwnership: ObjectOwnership
  /** Whose pages may use buckets without a CORS configuration, each with at most one `*`. */
  readonly corsOrigins: readonly string[]
  readonly tls: TlsPaths | undefined
  readonly masterKeyFile: string
  /** What the operator wants the root user's key to be. */
  readonly rootKey: RootKey | undefined
  /** What carries tasks. May hold a password. */
  readonly tasks: TasksSetting
  /** By kind: how many calls of its work run side by side. */
  readonly taskConcurrency: Readonly<Record<string, number>>
  readonly cluster: ClusterAccess
  /** Per process. */
  readonly ingestMemoryBytes: number
  readonly uploadPace: { readonly bytesPerSecondMin: number; readonly windowMs: number }
  /** Requests a second, of all its processes that serve S3. 0: no bound. */
  readonly requestRates: { readonly tenant: number; readonly key: number }
  /** The same of the admin API, of each who signs in. */
  readonly adminRate: number
  readonly staleUploadAgeMs: number
  /** Of running time. */
  readonly keepOrphansMs: number
  /** Where bundles may fetch entries from: nowhere, public addresses, any address. */
  readonly externalSources: ExternalSources
  /** Bundles may fetch without TLS too, from public addresses. */
  readonly externalHttp: boolean
  readonly oidc: OidcSettings
  /** Whose users may get credentials. May hold a password. */
  readonly ldap?: LdapSettings
  readonly logLevel: LogLevel
  readonly audit: AuditSetting
  readonly drainMs: number
}

export type ExternalSources = 'off' | 'public' | 'any'
export type RootKey = { readonly accessKeyId: string; readonly secretKey: string }

export type ParsedConfig =
  /** The hints are sentences for whoever starts it, about what was set and says nothing. */
  | { readonly is: 'config'; readonly config: Config; readonly hints: readonly string[] }
  /** All of them, a sentence each. Values of secrets are not repeated. */
  | { readonly is: 'mistakes'; readonly mistakes: readonly string[] }

/** From this process's environment and files. `argv`: what stands behind `holdfast server`. */
export function readConfig(argv: readonly string[]): ParsedConfig {
  return parseConfig(sourcesOf(argv))
}

/** What this process's environment and files say besides. */
export function sourcesOf(argv: readonly string[]): ConfigSources {
  return {
    argv,
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  }
}

/** What the environment has for clients, by the names that AWS's tools use. */
export function readAwsCredentials():
  | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly region: string }
  | undefined {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_DEFAULT_REGION } = process.env
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    region: AWS_REGION || AWS_DEFAULT_REGION || (settingOf('region').fallback ?? ''),
  }
}

/** What the environment has for the admin API: a token, the root user's key, or a client's. */
export function readAdminCredentials():
  | { readonly token: string }
  | ReturnType<typeof readAwsCredentials> {
  const { HOLDFAST_ADMIN_TOKEN, HOLDFAST_ROOT_ACCESS_KEY, HOLDFAST_ROOT_SECRET_KEY } = process.env
  if (HOLDFAST_ADMIN_TOKEN) return { token: HOLDFAST_ADMIN_TOKEN }
  if (!HOLDFAST_ROOT_ACCESS_KEY || !HOLDFAST_ROOT_SECRET_KEY) return readAwsCredentials()
  return {
    accessKeyId: HOLDFAST_ROOT_ACCESS_KEY,
    secretAccessKey: HOLDFAST_ROOT_SECRET_KEY,
    region: settingOf('region').fallback ?? '',
  }
}

export function parseConfig(sources: ConfigSources): ParsedConfig {
  const mistakes: string[] = []
  const said = collectSettings(sources, mistakes)
  const values = new SettingValues(said, mistakes)
  const config = buildConfig(values, sources)
  if (mistakes.length > 0) return { is: 'mistakes', mistakes }
  return { is: 'config', config, hints: foreignSettings(sources.env, said) }
}

function buildConfig(values: SettingValues, sources: ConfigSources): Config {
  const configFile = values.take('config', parsePath)
  const dataDirectory = values.takeOr('data', parsePath)
  const masterKeyFile =
    values.take('master-key-file', parsePath) ?? join(dataDirectory, 'master.key')
  const metadata = takeMetadataLocation(values)
  if (values.has('chunks'))
    values.refuse('chunks', 'is for gateways and workers; a server has its own in --data')
  return {
    ...takeServing(values, { sources, masterKeyFile }),
    ...(configFile === undefined ? {} : { configFile }),
    ...(metadata === undefined ? {} : { metadata }),
    dataDirectory,
    workers: values.take('workers', wholeNumber(1, 256)) ?? availableParallelism(),
  }
}

/** All but where what is stored lies. */
export function takeServing(
  values: SettingValues,
  { sources, masterKeyFile }: { readonly sources: ConfigSources; readonly masterKeyFile: string },
): ServingConfig {
  const rootKey = values.takePair(
    ['root-access-key', 'root-secret-key'],
    [parseAccessKeyId, parseSecretKey],
  )
  const ldap = takeLdap(values, sources)
  return {
    ...takeAddresses(values),
    domains: values.takeOr('domain', parseDomains),
    region: values.takeOr('region', parseRegion),
    anyRegion: values.takeOr('any-region', parseSwitch),
    blockPublicAccess: values.takeOr('block-public-access', parseSwitch),
    objectOwnership: values.takeOr('object-ownership', parseOwnership),
    corsOrigins: values.takeOr('cors-allow-origin', parseOrigins),
    tls: takeTls(values, sources),
    masterKeyFile,
    rootKey: rootKey && { accessKeyId: rootKey[0], secretKey: rootKey[1] },
    tasks: values.takeOr('tasks', parseTasks),
    taskConcurrency: values.take('task-concurrency', parseConcurrency) ?? {},
    cluster: takeClusterAccess(values, sources),
    ingestMemoryBytes: values.takeOr('ingest-memory', bounded(parseBytes, '16MiB', '64GiB')),
    uploadPace: {
      bytesPerSecondMin: values.takeOr('upload-rate-min', bounded(parseBytes, '1', '1GiB')),
      windowMs: values.takeOr('upload-rate-window', bounded(parseDurationMs, '1s', '1h')),
    },
    requestRates: {
      tenant: values.takeOr('tenant-rate', wholeNumber(0, ratesMax)),
      key: values.takeOr('key-rate', wholeNumber(0, ratesMax)),
    },
    adminRate: values.takeOr('admin-rate', wholeNumber(0, ratesMax)),
    staleUploadAgeMs: values.takeOr('stale-upload-age', bounded(parseDurationMs, '1m', '3650d')),
    keepOrphansMs: values.takeOr('keep-orphans', bounded(parseDurationMs, '0s', '3650d')),
    externalSources: values.takeOr('external-sources', oneOf(['off', 'public', 'any'])),
    externalHttp: values.takeOr('external-http', parseSwitch),
    oidc: takeOidc(values, sources),
    ...(ldap === undefined ? {} : { ldap }),
    logLevel: values.takeOr('log-level', oneOf(logLevels)),
    audit: takeAudit(values),
    drainMs: values.takeOr('drain-time', bounded(parseDurationMs, '0s', '1h')),
  }
}

const ratesMax = 1_000_000

function parseConcurrency(raw: string): Readonly<Record<string, number>> {
  const pairs = raw.split(',').map((pair): [string, number] => {
    const [, kind, count] = /^\s*([a-z][A-Za-z]{0,31})=(\d{1,2})\s*$/.exec(pair) ?? []
    const calls = Number(count)
    if (kind === undefined || !(calls >= 1 && calls <= 64)) {
      throw new BadValue(`"${pair}" is not KIND=N, as deleteBlob=4, with N from 1 to 64`)
    }
    return [kind, calls]
  })
  return Object.fromEntries(pairs)
}

function parseTasks(raw: string): TasksSetting {
  const parsed = parseTasksSetting(raw)
  if (parsed.is === 'mistake') throw new BadValue(parsed.mistake)
  return parsed.setting
}

function takeAddresses(values: SettingValues): Pick<Config, 'listen' | 'adminListen'> {
  const listen = values.takeOr('listen', parseHostPort)
  const adminListen = values.takeOr('admin-listen', parseHostPort)
  const isSameHost = listen.host === adminListen.host || [listen, adminListen].some(isEveryAddress)
  if (isSameHost && listen.port === adminListen.port && listen.port !== 0) {
    values.refuse('admin-listen', 'is the address that S3 is served on; choose another port')
  }
  return { listen, adminListen }
}

function isEveryAddress({ host }: HostPort): boolean {
  return host === '::' || host === '0.0.0.0'
}
