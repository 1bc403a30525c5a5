// rclone pointed at the server.
import type { ClientServer } from './client-server.ts'
import { type Client, clientFor } from './run-client.ts'

/** The remote `holdfast:`, as docs/clients.md sets it up. */
export function rcloneFor(
  server: ClientServer,
  env: Readonly<Record<string, string>> = {},
): Client {
  return clientFor(server, ['rclone'], {
    RCLONE_CONFIG: server.path('rclone.conf'),
    RCLONE_CONFIG_HOLDFAST_TYPE: 's3',
    RCLONE_CONFIG_HOLDFAST_PROVIDER: 'Other',
    RCLONE_CONFIG_HOLDFAST_ENV_AUTH: 'true',
    RCLONE_CONFIG_HOLDFAST_ENDPOINT: server.endpoint,
    ...env,
  })
}
