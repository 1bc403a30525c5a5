// Where issuers of tokens may be asked for their keys. Who registers them is a tenant, and the server asks: so it must not be
// led into the network that it stands in, unless its operator says that issuers are there.
import { rootCertificates } from 'node:tls'
import { type AddressRules, systemResolve } from '../../bundles/external/guarded-agent.ts'
import { isPublicAddress } from '../../bundles/external/public-address.ts'
import type { OidcSettings } from '../../config/take-oidc.ts'

export type IssuerRules = {
  /** Over TLS. Absent: nowhere. */
  readonly addresses?: AddressRules
  /** Without TLS. Absent: nowhere. */
  readonly plainAddresses?: AddressRules
}

export function issuerRules({ issuers, http, ca }: OidcSettings): IssuerRules {
  if (issuers === 'off') return {}
  const isAllowed = issuers === 'any' ? () => true : isPublicAddress
  const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca].join('\n') }
  const addresses = { isAllowed, resolve: systemResolve, ...trusted }
  if (!http) return { addresses }
  return { addresses, plainAddresses: { isAllowed: isLoopback, resolve: systemResolve } }
}

/** Nobody can change on its way what does not leave the machine. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
