// What people type who come from other servers, or who mistype, and which setting does that here. Pure
// text: it decides nothing.
import { nearestWord } from './nearest-word.ts'
import { isSettingName, type SettingName, settingNames, settingOf, variableOf } from './settings.ts'

/** Settings by names that they have in other programs, without the dashes. */
const sameElsewhere: Readonly<Record<string, SettingName>> = {
  address: 'listen',
  addr: 'listen',
  bind: 'listen',
  host: 'listen',
  port: 'listen',
  p: 'listen',
  'listen-address': 'listen',
  'admin-port': 'admin-listen',
  'health-port': 'admin-listen',
  'admin-address': 'admin-listen',
  'console-address': 'admin-listen',
  'metrics-address': 'admin-listen',
  d: 'data',
  dir: 'data',
  'data-dir': 'data',
  'data-directory': 'data',
  root: 'data',
  volume: 'data',
  volumes: 'data',
  path: 'data',
  c: 'config',
  'config-file': 'config',
  'env-file': 'config',
  'config-env-file': 'config',
  'site-region': 'region',
  'region-name': 'region',
  'base-domain': 'domain',
  threads: 'workers',
  processes: 'workers',
  cert: 'tls-cert',
  'ssl-cert': 'tls-cert',
  certificate: 'tls-cert',
  'certs-dir': 'tls-cert',
  'tls-cert-file': 'tls-cert',
  key: 'tls-key',
  'ssl-key': 'tls-key',
  'tls-key-file': 'tls-key',
  'access-key': 'root-access-key',
  'root-user': 'root-access-key',
  user: 'root-access-key',
  'secret-key': 'root-secret-key',
  'root-password': 'root-secret-key',
  password: 'root-secret-key',
  'shutdown-timeout': 'drain-time',
  'cors-origin': 'cors-allow-origin',
  'cors-allowed-origins': 'cors-allow-origin',
}

const foreignVariables: Readonly<Record<string, SettingName>> = {
  MINIO_ROOT_USER: 'root-access-key',
  MINIO_ACCESS_KEY: 'root-access-key',
  MINIO_ROOT_PASSWORD: 'root-secret-key',
  MINIO_SECRET_KEY: 'root-secret-key',
  MINIO_VOLUMES: 'data',
  MINIO_ADDRESS: 'listen',
  MINIO_CONSOLE_ADDRESS: 'admin-listen',
  MINIO_DOMAIN: 'domain',
  MINIO_REGION: 'region',
  MINIO_REGION_NAME: 'region',
  MINIO_SITE_REGION: 'region',
  MINIO_API_CORS_ALLOW_ORIGIN: 'cors-allow-origin',
  MINIO_CONFIG_ENV_FILE: 'config',
}

/** Behind "there is no such setting"; empty when nothing comes to mind. `name` is without dashes. */
export function hintForFlag(name: string): string {
  const lower = name.toLowerCase()
  const setting = ownEntry(sameElsewhere, lower)
  const console = lower === 'console-address' ? '; there is no console, but health checks' : ''
  if (setting !== undefined) return `${console}; here it is ${usageOf(setting)}`
  const near = nearestSetting(lower)
  return near === undefined ? '' : `; did you mean ${usageOf(near)}?`
}

/** The same for a name in the environment or a file. */
export function hintForVariable(variable: string): string {
  const name = variable
    .replace(/^HOLDFAST_/, '')
    .replaceAll('_', '-')
    .toLowerCase()
  const setting = ownEntry(foreignVariables, variable) ?? ownEntry(sameElsewhere, name)
  if (setting !== undefined) return `; here it is ${variableOf(setting)}`
  const near = nearestSetting(name)
  return near === undefined ? '' : `; did you mean ${variableOf(near)}?`
}

/** For an argument without a flag, as `minio server /data` has it. */
export function hintForArgument(argument: string): string {
  if (/^-[^-]/.test(argument)) return hintForFlag(argument.slice(1).split('=')[0] ?? '')
  return /[/.\\]/.test(argument) ? `; for the directory of the data: --data ${argument}` : ''
}

/**
 * Sentences about variables of another server that somebody has set, and that say nothing here; none about
 * settings that were `said` by their own names. Values are never repeated.
 */
export function foreignSettings(
  env: Readonly<Record<string, string | undefined>>,
  said: { readonly has: (name: SettingName) => boolean },
): string[] {
  return Object.entries(foreignVariables).flatMap(([variable, setting]) => {
    const isSet = env[variable] !== undefined && env[variable] !== ''
    if (!isSet || said.has(setting)) return []
    return [`${variable} is set, and says nothing here: the setting is ${usageOf(setting)}.`]
  })
}

function ownEntry(
  names: Readonly<Record<string, SettingName>>,
  name: string,
): SettingName | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined
}

function usageOf(name: SettingName): string {
  const { secret, value } = settingOf(name)
  return secret ? `${variableOf(name)} in the environment` : `--${name} ${value}`
}

function nearestSetting(name: string): SettingName | undefined {
  const near = nearestWord(name, settingNames)
  return near !== undefined && isSettingName(near) ? near : undefined
}
