// What the server runs with, checked as a whole before anything starts. The only place that reads
// `process.env`. Which settings there are is in `settings.ts`.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type LogLevel, logLevels } from '../log.ts'
import { type ConfigSources, collectSettings, messageOf, type Said } from './config-sources.ts'
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
  parsePath,
  parseRegion,
  parseSecretKey,
  parseSwitch,
  wholeNumber,
} from './config-values.ts'
import { foreignSettings } from './setting-hints.ts'
import { type SettingName, settingOf, variableOf } from './settings.ts'

/** Plain data, so that it can be handed to worker processes. */
export type Config = {
  /** Where other settings were read from, if anywhere. */
  readonly configFile?: string
  readonly dataDirectory: string
  readonly listen: HostPort
  readonly adminListen: HostPort
  /** Lower case. Empty: path style only. */
  readonly domains: readonly string[]
  readonly region: string
  /** Requests may be signed for whatever region. */
  readonly anyRegion: boolean
  readonly workers: number
  readonly tls: TlsPaths | undefined
  readonly masterKeyFile: string
  /** What the operator wants the root user's key to be. */
  readonly rootKey: RootKey | undefined
  /** Per process. */
  readonly ingestMemoryBytes: number
  readonly uploadPace: { readonly bytesPerSecondMin: number; readonly windowMs: number }
  readonly staleUploadAgeMs: number
  /** Of running time. */
  readonly keepOrphansMs: number
  /** Where bundles may fetch entries from: nowhere, public addresses, any address. */
  readonly externalSources: ExternalSources
  /** Bundles may fetch without TLS too, from public addresses. */
  readonly externalHttp: boolean
  readonly logLevel: LogLevel
  readonly drainMs: number
}

export type ExternalSources = 'off' | 'public' | 'any'
export type TlsPaths = { readonly certFile: string; readonly keyFile: string }
export type RootKey = { readonly accessKeyId: string; readonly secretKey: string }

export type ParsedConfig =
  /** The hints are sentences for whoever starts it, about what was set and says nothing. */
  | { readonly is: 'config'; readonly config: Config; readonly hints: readonly string[] }
  /** All of them, a sentence each. Values of secrets are not repeated. */
  | { readonly is: 'mistakes'; readonly mistakes: readonly string[] }

/** From this process's environment and files. `argv`: what stands behind `holdfast server`. */
export function readConfig(argv: readonly string[]): ParsedConfig {
  return parseConfig({
    argv,
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  })
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

export function parseConfig(sources: ConfigSources): ParsedConfig {
  const mistakes: string[] = []
  const said = collectSettings(sources, mistakes)
  const values = new Values(said, mistakes)
  const config = buildConfig(values, sources)
  if (mistakes.length > 0) return { is: 'mistakes', mistakes }
  return { is: 'config', config, hints: foreignSettings(sources.env, said) }
}

/** Takes values by name and notes what is wrong with them, so that all mistakes are met at once. */
class Values {
  private readonly said: ReadonlyMap<SettingName, Said>
  private readonly mistakes: string[]

  constructor(said: ReadonlyMap<SettingName, Said>, mistakes: string[]) {
    this.said = said
    this.mistakes = mistakes
  }

  /** A bad value is noted, and counts as unset here: what comes of it is never used. */
  take<T>(name: SettingName, parse: (raw: string) => T): T | undefined {
    const said = this.said.get(name)
    if (said === undefined) return undefined
    try {
      return parse(said.raw)
    } catch (cause) {
      if (!(cause instanceof BadValue)) throw cause
      this.mistakes.push(`${said.by}: ${cause.message}`)
      return undefined
    }
  }

  /** As `take`, with the default of the table. */
  takeOr<T>(name: SettingName, parse: (raw: string) => T): T {
    return this.take(name, parse) ?? parse(settingOf(name).fallback ?? '')
  }

  /** Both or neither; one alone is a mistake. */
  takePair(
    [a, b]: readonly [SettingName, SettingName],
    parse: readonly [(raw: string) => string, (raw: string) => string],
  ): readonly [string, string] | undefined {
    const first = this.take(a, parse[0])
    const second = this.take(b, parse[1])
    for (const [name, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const said = this.said.get(name)
      if (said === undefined || this.said.has(other)) continue
      const missing = settingOf(other).secret ? variableOf(other) : `--${other}`
      this.mistakes.push(`${said.by}: needs ${missing} too`)
    }
    return first === undefined || second === undefined ? undefined : [first, second]
  }

  refuse(name: SettingName, why: string): void {
    this.mistakes.push(`${this.said.get(name)?.by ?? `--${name}`}: ${why}`)
  }
}

function buildConfig(values: Values, sources: ConfigSources): Config {
  const configFile = values.take('config', parsePath)
  const dataDirectory = values.takeOr('data', parsePath)
  const rootKey = values.takePair(
    ['root-access-key', 'root-secret-key'],
    [parseAccessKeyId, parseSecretKey],
  )
  return {
    ...(configFile === undefined ? {} : { configFile }),
    dataDirectory,
    ...takeAddresses(values),
    domains: values.takeOr('domain', parseDomains),
    region: values.takeOr('region', parseRegion),
    anyRegion: values.takeOr('any-region', parseSwitch),
    workers: values.take('workers', wholeNumber(1, 256)) ?? availableParallelism(),
    tls: takeTls(values, sources),
    masterKeyFile: values.take('master-key-file', parsePath) ?? join(dataDirectory, 'master.key'),
    rootKey: rootKey && { accessKeyId: rootKey[0], secretKey: rootKey[1] },
    ingestMemoryBytes: values.takeOr('ingest-memory', bounded(parseBytes, '16MiB', '64GiB')),
    uploadPace: {
      bytesPerSecondMin: values.takeOr('upload-rate-min', bounded(parseBytes, '1', '1GiB')),
      windowMs: values.takeOr('upload-rate-window', bounded(parseDurationMs, '1s', '1h')),
    },
    staleUploadAgeMs: values.takeOr('stale-upload-age', bounded(parseDurationMs, '1m', '3650d')),
    keepOrphansMs: values.takeOr('keep-orphans', bounded(parseDurationMs, '0s', '3650d')),
    externalSources: values.takeOr('external-sources', oneOf(['off', 'public', 'any'])),
    externalHttp: values.takeOr('external-http', parseSwitch),
    logLevel: values.takeOr('log-level', oneOf(logLevels)),
    drainMs: values.takeOr('drain-time', bounded(parseDurationMs, '0s', '1h')),
  }
}

function takeAddresses(values: Values): Pick<Config, 'listen' | 'adminListen'> {
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

function takeTls(values: Values, sources: ConfigSources): TlsPaths | undefined {
  const pair = values.takePair(['tls-cert', 'tls-key'], [parsePath, parsePath])
  if (pair === undefined) return undefined
  const [certFile, keyFile] = pair
  for (const [name, path] of [
    ['tls-cert', certFile],
    ['tls-key', keyFile],
  ] as const) {
    try {
      sources.readFile(path)
    } catch (cause) {
      values.refuse(name, `${path} cannot be read (${messageOf(cause)})`)
    }
  }
  return { certFile, keyFile }
}
