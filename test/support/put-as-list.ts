// Puts an object whose chunks are kept as a paged list, as very large ones are, without the size: its
// chunks are of one block each.

import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { ClaimedChunk } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { nameChunk } from '../../protocol/chunks/chunk-id.ts'
import { chunkKey } from '../../protocol/chunks/chunk-keys.ts'
import { blockBytes } from '../../protocol/chunks/chunk-ref.ts'
import { newGeneration } from '../../protocol/chunks/new-generation.ts'
import { sealChunk } from '../../protocol/chunks/seal-chunk.ts'
import type { GatewayHarness } from './gateway-harness.ts'

export async function putAsList(
  harness: GatewayHarness,
  object: { readonly bucket: string; readonly key: string },
  body: Buffer,
): Promise<void> {
  const { metadata, ingest } = harness.services
  const { tenantId } = harness.keys
  const bucket = await metadata.buckets.get(defaultNamespace, object.bucket)
  assert(bucket !== undefined, 'the bucket is there')
  const { listId, owner } = ingest.newList()
  for (let offset = 0; offset < body.length; offset += blockBytes) {
    const chunks = [await storeChunk(harness, body.subarray(offset, offset + blockBytes))]
    const extended = await metadata.chunks.extendList({ tenantId, listId, owner, offset, chunks })
    assert.equal(extended.is, 'extended')
  }
  const committed = await metadata.objects.commit({
    bucket,
    key: object.key,
    content: {
      size: body.length,
      etag: createHash('md5').update(body).digest('hex'),
      crc32: crc32(body),
      checksum: {
        algorithm: 'SHA1',
        type: 'FULL_OBJECT',
        value: createHash('sha1').update(body).digest('base64'),
      },
      headers: {},
      userMetadata: {},
      tags: [],
      storageClass: 'STANDARD',
      data: { is: 'list', listId },
    },
    nowMs: harness.nowMs,
  })
  assert.equal(committed.is, 'committed')
}

async function storeChunk(harness: GatewayHarness, plaintext: Buffer): Promise<ClaimedChunk> {
  const namer = nameChunk(harness.keys)
  namer.update(plaintext)
  const id = namer.name()
  const generation = newGeneration(randomBytes)
  const { length } = plaintext
  const pieces = sealChunk(chunkKey(harness.keys, id), plaintext)
  await harness.services.blobs.write({ ref: { id, generation }, length, pieces })
  return { id, generation, length, crc32: crc32(plaintext), origin: 'written' }
}
