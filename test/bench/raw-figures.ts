// What this machine can do at best, measured in the same run as the server: the digests, the disk,
// and reading sealed data back. Figures in GB/s (10^9 bytes), one thread.
import { createHash, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChunkKeys, chunkKey } from '../../protocol/chunks/chunk-keys.ts'
import { type ChunkId, parseChunkId } from '../../protocol/chunks/chunk-ref.ts'
import { openFrames } from '../../protocol/chunks/open-frames.ts'
import { sealChunk } from '../../protocol/chunks/seal-chunk.ts'

const piece = randomBytes(4 * 1024 * 1024)
const rounds = 64

function gigabytesPerSecond(bytes: number, started: number): number {
  return bytes / 1e9 / ((performance.now() - started) / 1000)
}

export function hashSpeed(algorithm: 'md5' | 'sha256'): number {
  const started = performance.now()
  const hash = createHash(algorithm)
  for (let round = 0; round < rounds; round += 1) hash.update(piece)
  hash.digest()
  return gigabytesPerSecond(rounds * piece.length, started)
}

/** Sequential write of 256 MiB with one fdatasync at the end. */
export async function diskWriteSpeed(directory: string): Promise<number> {
  const file = await open(join(directory, 'raw'), 'w')
  try {
    const started = performance.now()
    for (let round = 0; round < rounds; round += 1) await file.write(piece)
    await file.datasync()
    return gigabytesPerSecond(rounds * piece.length, started)
  } finally {
    await file.close()
  }
}

/** 4 KiB appended and synced, one after the other, for a second: what one writer can do alone. */
export async function syncedAppendsPerSecond(directory: string): Promise<number> {
  const file = await open(join(directory, 'appends'), 'w')
  try {
    const started = performance.now()
    let count = 0
    while (performance.now() - started < 1000) {
      await file.write(piece, 0, 4096)
      await file.datasync()
      count += 1
    }
    return count / ((performance.now() - started) / 1000)
  } finally {
    await file.close()
  }
}

/** Sealed chunks from a file in the page cache, read and opened 1 MiB at a time. */
export async function sealedReadSpeed(directory: string, keys: ChunkKeys): Promise<number> {
  const id: ChunkId = parseChunkId(randomBytes(32))
  const key = chunkKey(keys, id)
  const sealed = Buffer.concat(sealChunk(key, piece))
  const file = await open(join(directory, 'sealed'), 'w+')
  const framesAtOnce = 16
  const step = (sealed.length / 64) * framesAtOnce
  try {
    for (let round = 0; round < rounds; round += 1) await file.write(sealed)
    const started = performance.now()
    for (let round = 0; round < rounds; round += 1) {
      for (let first = 0; first < 64; first += framesAtOnce) {
        const frames = Buffer.allocUnsafeSlow(step)
        const at = round * sealed.length + (first / framesAtOnce) * step
        await file.read(frames, 0, step, at)
        openFrames(key, { first, count: framesAtOnce, length: piece.length }, frames)
      }
    }
    return gigabytesPerSecond(rounds * piece.length, started)
  } finally {
    await file.close()
  }
}
