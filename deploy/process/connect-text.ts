// What the first start tells people: the key, and a command that works.
import type { ServingConfig } from '../../gateway/config/config.ts'
import { type HostPort, showHostPort } from '../../gateway/config/config-values.ts'
import type { RootUser } from './root-user.ts'

/** `http://127.0.0.1:9000`; for a server on every address, by way of this machine. */
export function urlOf(address: HostPort, scheme: 'http' | 'https'): string {
  const everywhere = { '0.0.0.0': '127.0.0.1', '::': 'localhost' } as const
  const host = Object.entries(everywhere).find(([any]) => any === address.host)?.[1]
  return `${scheme}://${showHostPort({ ...address, host: host ?? address.host })}`
}

/** Shows a secret only when it was made here; one that was configured is known already. */
export function connectText(options: {
  readonly config: Pick<ServingConfig, 'region' | 'masterKeyFile'>
  readonly user: RootUser & { is: 'created' }
  readonly endpoint: string
}): string {
  const { config, user, endpoint } = options
  const { accessKeyId, secretKey } = user.key
  const shown = user.made ? secretKey : '$HOLDFAST_ROOT_SECRET_KEY'
  return [
    '',
    user.made
      ? 'This is the first start. The root user has this key; it is shown only once, here:'
      : 'This is the first start. The root user has the key that you have set:',
    '',
    `  Access key  ${accessKeyId}`,
    ...(user.made ? [`  Secret key  ${secretKey}`] : []),
    '',
    'To connect, for instance with the AWS command line:',
    '',
    `  export AWS_ACCESS_KEY_ID=${accessKeyId}`,
    `  export AWS_SECRET_ACCESS_KEY=${shown}`,
    `  export AWS_DEFAULT_REGION=${config.region}`,
    `  aws --endpoint-url ${endpoint} s3 mb s3://my-bucket`,
    `  aws --endpoint-url ${endpoint} s3 cp README.md s3://my-bucket/`,
    '',
    `Keep a copy of ${config.masterKeyFile} in another place: without it, nothing can be read.`,
    '',
  ].join('\n')
}
