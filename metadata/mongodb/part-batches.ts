// Parts of one upload that arrive while another of it is being committed wait, and are committed together: each of them
// changes the document of the upload, on which transactions that ran side by side would refuse one another.
import type { CommitId } from '../commit-id.ts'
import type { BucketRef } from '../metadata-store.ts'
import type { UploadRef, UploadStore } from '../upload-store.ts'
import { commitParts } from './commit-parts.ts'
import type { Shared } from './shared.ts'

export type PartToCommit = {
  readonly part: Parameters<UploadStore['commitPart']>[2]
  readonly commitId: CommitId | undefined
}
export type PartAnswer = Awaited<ReturnType<UploadStore['commitPart']>>

type Waiting = PartToCommit & {
  readonly resolve: (answer: PartAnswer) => void
  readonly reject: (cause: unknown) => void
}
type Place = { readonly ref: BucketRef; readonly upload: UploadRef }

const partsMax = 64
/** Of all parts together: what one transaction should change at most. */
const chunksMax = 512

export class PartBatches {
  readonly #shared: Shared
  /** By upload: those that wait while others are under way. */
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(shared: Shared) {
    this.#shared = shared
  }

  commit(place: Place, part: PartToCommit): Promise<PartAnswer> {
    const name = `${place.ref.id} ${place.upload.uploadId} ${place.upload.key}`
    return new Promise((resolve, reject) => {
      const entry = { ...part, resolve, reject }
      const waiting = this.#waiting.get(name)
      if (waiting !== undefined) {
        waiting.push(entry)
        return
      }
      const begun = [entry]
      this.#waiting.set(name, begun)
      void this.#run(name, place, begun)
    })
  }

  async #run(name: string, { ref, upload }: Place, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch(waiting)
      try {
        const { db } = this.#shared
        const answers = await db.retrying(() => commitParts(this.#shared, { ref, upload, batch }))
        for (const [at, { resolve }] of batch.entries())
          resolve(answers[at] ?? { is: 'noSuchUpload' })
      } catch (cause) {
        for (const { reject } of batch) reject(cause)
      }
    }
    this.#waiting.delete(name)
  }
}

/** The first ones; of one number, one. */
function takeBatch(waiting: Waiting[]): readonly Waiting[] {
  const numbers = new Set<number>()
  let chunks = 0
  for (const { part } of waiting) {
    chunks += part.data.is === 'chunks' ? part.data.chunks.length : 0
    const isFull = numbers.size === partsMax || (numbers.size > 0 && chunks > chunksMax)
    if (isFull || numbers.has(part.number)) break
    numbers.add(part.number)
  }
  return waiting.splice(0, numbers.size)
}
