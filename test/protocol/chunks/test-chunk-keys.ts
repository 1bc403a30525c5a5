// Keys of a tenant that exists only in a test.
import { createSecretKey } from 'node:crypto'
import type { ChunkKeys } from '../../../protocol/chunks/chunk-keys.ts'

/** From 96 bytes. */
export function testChunkKeys(bytes: Buffer): ChunkKeys {
  return {
    idKey: bytes.subarray(0, 32),
    dataKey: createSecretKey(bytes.subarray(32, 64)),
    inlineKey: createSecretKey(bytes.subarray(64, 96)),
  }
}
