// Running digests over a body, one object a stream: MD5 and the five checksum algorithms of S3.
// What several digests make together is in `multipart-digests.ts` and `crc-combine.ts`.
import { createHash } from 'node:crypto'
import { crc32, crc32c } from '@node-rs/crc32'
import { createCRC64 } from 'hash-wasm'
import type { ChecksumAlgorithm } from './checksum-algorithm.ts'

export interface StreamingDigest {
  /** Takes the next bytes; keeps no reference to them. */
  update(bytes: Uint8Array): void
  /** The digest as it stands on the wire before Base64, CRCs big endian. Call once, then drop it. */
  digest(): Buffer
}

export interface Checksums {
  /** A new digest at its start. Any number may run at the same time, in any order. */
  createDigest(algorithm: 'MD5' | ChecksumAlgorithm): StreamingDigest
}

/** The reflected polynomial of CRC-64/NVME; hash-wasm starts from and ends with all ones, as NVME does. */
const crc64NvmePolynomial = '9a6c9329ac4bc9b5'

/** Compiles what needs compiling (WebAssembly for CRC-64). Once a process; throws only if that fails. */
export async function loadChecksums(): Promise<Checksums> {
  const crc64 = await createCRC64(crc64NvmePolynomial)
  const start = crc64.init().save()
  return {
    createDigest(algorithm) {
      switch (algorithm) {
        case 'MD5':
          return nodeDigest('md5')
        case 'SHA1':
          return nodeDigest('sha1')
        case 'SHA256':
          return nodeDigest('sha256')
        case 'CRC32':
          return crc32Digest(crc32)
        case 'CRC32C':
          return crc32Digest(crc32c)
        case 'CRC64NVME':
          return crc64Digest(crc64, start)
        default:
          return algorithm satisfies never
      }
    },
  }
}

function nodeDigest(name: 'md5' | 'sha1' | 'sha256'): StreamingDigest {
  const hash = createHash(name)
  return {
    update(bytes) {
      hash.update(bytes)
    },
    digest: () => hash.digest(),
  }
}

function crc32Digest(crc: (bytes: Uint8Array, state: number) => number): StreamingDigest {
  let state = 0
  return {
    update(bytes) {
      state = crc(bytes, state)
    },
    digest() {
      const digest = Buffer.allocUnsafe(4)
      digest.writeUInt32BE(state)
      return digest
    },
  }
}

type Crc64 = Awaited<ReturnType<typeof createCRC64>>

// One WebAssembly instance serves every stream: its state is 12 bytes, loaded and saved around each
// update (about 2 µs), where an instance a stream would cost a memory and an asynchronous start.
function crc64Digest(crc64: Crc64, start: Uint8Array): StreamingDigest {
  let state = start
  return {
    update(bytes) {
      state = crc64.load(state).update(bytes).save()
    },
    digest: () => Buffer.from(crc64.load(state).digest('binary')),
  }
}
