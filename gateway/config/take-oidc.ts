// Where issuers of tokens (AssumeRoleWithWebIdentity) may be asked for their keys, as three settings say it together.
import type { ConfigSources } from './config-sources.ts'
import { oneOf, parseSwitch } from './config-values.ts'
import type { SettingValues } from './setting-values.ts'
import { takePemText } from './take-pem-text.ts'

export type OidcSettings = {
  /** At no address, at public ones, at any. */
  readonly issuers: 'off' | 'public' | 'any'
  /** Without TLS too, on this machine alone. */
  readonly http: boolean
  /** PEM of authorities that are trusted besides the well-known ones. */
  readonly ca?: string
}

export function takeOidc(values: SettingValues, sources: ConfigSources): OidcSettings {
  const ca = takePemText(values, 'oidc-ca', sources)
  return {
    issuers: values.takeOr('oidc-issuers', oneOf(['off', 'public', 'any'])),
    http: values.takeOr('oidc-http', parseSwitch),
    ...(ca === undefined ? {} : { ca }),
  }
}
