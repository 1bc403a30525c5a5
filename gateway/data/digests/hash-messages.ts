// What the main thread and a hash worker say to each other. A lane is a set of digests over one body.
export type HashAlgorithm = 'MD5' | 'SHA1' | 'SHA256' | 'CRC32C' | 'CRC64NVME'

export type ToHashWorker =
  | { readonly is: 'open'; readonly lane: number; readonly algorithms: readonly HashAlgorithm[] }
  /** Memory that later messages mean by its number: showing it anew each time costs 0.3 ms. */
  | { readonly is: 'share'; readonly share: number; readonly memory: SharedArrayBuffer }
  /** Answered by `hashed`, as is `copied`. */
  | {
      readonly is: 'shared'
      readonly lane: number
      readonly share: number
      readonly offset: number
      readonly length: number
    }
  /** Bytes that are not shared: a copy, handed over. */
  | { readonly is: 'copied'; readonly lane: number; readonly bytes: Uint8Array }
  /** Answered by `digests`; the lane is closed. */
  | { readonly is: 'finish'; readonly lane: number }
  | { readonly is: 'forget'; readonly lane: number }

export type FromHashWorker =
  | { readonly is: 'hashed'; readonly lane: number }
  | {
      readonly is: 'digests'
      readonly lane: number
      /** In the order of the algorithms named at `open`. */
      readonly digests: readonly Uint8Array[]
    }
