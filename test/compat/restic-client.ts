// restic pointed at the server.
import type { ClientServer } from './client-server.ts'
import { type Client, clientFor } from './run-client.ts'

export function resticFor(server: ClientServer, ...options: readonly string[]): Client {
  return clientFor(server, ['restic', '--cache-dir', server.path('restic cache'), ...options], {
    RESTIC_REPOSITORY: `s3:${server.endpoint}/backups`,
    RESTIC_PASSWORD: 'a password',
  })
}
