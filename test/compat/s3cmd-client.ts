// s3cmd pointed at the server.
import { writeFileSync } from 'node:fs'
import { type ClientServer, clientKey } from './client-server.ts'
import { type Client, clientFor } from './run-client.ts'

/** The file `~/.s3cfg` of docs/clients.md. */
export function s3cmdFor(server: ClientServer, ...more: readonly string[]): Client {
  const { host, protocol } = new URL(server.endpoint)
  const settings = [
    '[default]',
    `access_key = ${clientKey.accessKeyId}`,
    `secret_key = ${clientKey.secretAccessKey}`,
    `host_base = ${host}`,
    `host_bucket = ${host}`,
    `use_https = ${protocol === 'https:' ? 'True' : 'False'}`,
    ...more,
  ]
  writeFileSync(server.path('.s3cfg'), `${settings.join('\n')}\n`)
  return clientFor(server, ['s3cmd', '--no-progress'])
}
