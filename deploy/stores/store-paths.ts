// Where the two stores lie in a data directory, and in a backup.
import { join } from 'node:path'

export function metadataDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'metadata')
}

export function chunksDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'chunks')
}
