import type { UploadStore } from '../upload-store.ts'
import type { Shared } from './shared.ts'

export function mongoUploads(_shared: Shared): UploadStore {
  throw new Error('not built yet')
}
