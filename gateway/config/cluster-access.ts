// Where a process finds what it has not itself, and what it shows there of itself.
import { parseMetadataLocation } from '../../metadata/metadata-location.ts'
import { type ConfigSources, messageOf } from './config-sources.ts'
import { BadValue, parsePath, parseSwitch } from './config-values.ts'
import type { SettingValues } from './setting-values.ts'
import type { SettingName } from './settings.ts'
import { takeClusterSecret } from './take-cluster-secret.ts'

/** Plain data, so that it can be handed to worker processes. */
export type ClusterAccess = {
  /** Its text. */
  readonly secret?: string
  /** Authorities that are trusted, in a file. */
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  /** Whether the secret may be shown over connections without TLS that leave this machine. */
  readonly unencrypted: 'refused' | 'allowed'
}

export function takeClusterAccess(values: SettingValues, sources: ConfigSources): ClusterAccess {
  const readable = (path: string) => {
    try {
      sources.readFile(path)
    } catch (cause) {
      throw new BadValue(`${path} cannot be read (${messageOf(cause)})`)
    }
    return parsePath(path)
  }
  const secret = takeClusterSecret(values, sources)
  const caFile = values.take('cluster-ca', readable)
  const pair = values.takePair(['cluster-cert', 'cluster-key'], [readable, readable])
  return {
    ...(secret === undefined ? {} : { secret: secret.toString() }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(pair === undefined ? {} : { certFile: pair[0], keyFile: pair[1] }),
    unencrypted: values.takeOr('cluster-without-tls', parseSwitch) ? 'allowed' : 'refused',
  }
}

/** As it was written; it has been parsed. `undefined`: none is set, or it makes no sense, which is noted. */
export function takeMetadataLocation(values: SettingValues): string | undefined {
  return values.take('metadata', (raw) => {
    const parsed = parseMetadataLocation(raw)
    if (parsed.is === 'mistakes') throw new BadValue(parsed.mistakes.join('; '))
    return raw
  })
}

/** Of a data node. */
export function takeChunksLocation(values: SettingValues): string | undefined {
  return values.take('chunks', (raw) => {
    const url = URL.canParse(raw) ? new URL(raw) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw new BadValue('a data node is named as https://HOST:PORT')
    }
    if (url.username !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
      throw new BadValue('a data node is named by scheme, host and port alone')
    }
    return url.origin
  })
}

export function requireSetting(values: SettingValues, name: SettingName, why: string): void {
  if (!values.has(name)) values.refuse(name, why)
}
