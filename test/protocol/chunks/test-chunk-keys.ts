// Keys of a tenant that exists only in a test.
import { createSecretKey } from 'node:crypto'
import { ChunkNames } from '../../../protocol/chunks/chunk-id.ts'
import { type ChunkKeys, InlineKeys } from '../../../protocol/chunks/chunk-keys.ts'

/** From 96 bytes. */
export function testChunkKeys(bytes: Buffer): ChunkKeys {
  return {
    names: new ChunkNames(bytes.subarray(0, 32)),
    dataKey: createSecretKey(bytes.subarray(32, 64)),
    inlineKeys: new InlineKeys(createSecretKey(bytes.subarray(64, 96))),
  }
}
