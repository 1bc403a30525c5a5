// The AWS command line pointed at the server.
import type { ClientServer } from './client-server.ts'
import { type Client, clientFor } from './run-client.ts'

export function awsFor(server: ClientServer, ...options: readonly string[]): Client {
  return clientFor(server, [
    'aws',
    '--endpoint-url',
    server.endpoint,
    '--output',
    'json',
    ...options,
  ])
}
