// What gateways and workers run with: the settings of a server, without a directory of their own.
import { requireSetting, takeChunksLocation, takeMetadataLocation } from './cluster-access.ts'
import { type ServingConfig, takeServing } from './config.ts'
import { type ConfigSources, collectSettings } from './config-sources.ts'
import { parsePath } from './config-values.ts'
import { foreignSettings } from './setting-hints.ts'
import { SettingValues } from './setting-values.ts'

export type RoleConfig = ServingConfig & {
  /** Of metadata services, or a database. May hold a password. */
  readonly metadata: string
  /** The URL of a data node. */
  readonly chunks: string
}

export type ParsedRoleConfig =
  | { readonly is: 'config'; readonly config: RoleConfig; readonly hints: readonly string[] }
  | { readonly is: 'mistakes'; readonly mistakes: readonly string[] }

export function parseRoleConfig(sources: ConfigSources): ParsedRoleConfig {
  const mistakes: string[] = []
  const said = collectSettings(sources, mistakes)
  const values = new SettingValues(said, mistakes)
  for (const name of ['data', 'workers'] as const) {
    if (values.has(name)) values.refuse(name, 'is for holdfast server')
  }
  requireSetting(
    values,
    'metadata',
    'is needed: https://HOST:PORT of metadata services, or mongodb://…',
  )
  requireSetting(values, 'chunks', 'is needed: https://HOST:PORT of a data node')
  requireSetting(values, 'master-key-file', 'is needed: the same key in every process of a cluster')
  const metadata = takeMetadataLocation(values)
  if (metadata?.trim().startsWith('lmdb:') === true) {
    values.refuse(
      'metadata',
      "a directory is one process's: serve it with holdfast metadata, and name that here",
    )
  }
  const chunks = takeChunksLocation(values)
  const masterKeyFile = values.take('master-key-file', parsePath) ?? ''
  const serving = takeServing(values, { sources, masterKeyFile })
  if (mistakes.length > 0 || metadata === undefined || chunks === undefined) {
    return { is: 'mistakes', mistakes }
  }
  const hints = foreignSettings(sources.env, said)
  return { is: 'config', config: { ...serving, metadata, chunks }, hints }
}
