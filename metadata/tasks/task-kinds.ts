// The kinds of tasks that this program knows. Kinds are an open union: those of others, or of a later program, stay
// in the outbox until somebody asks for them.
import type { TaskPayloads } from '../outbox-store.ts'

export const taskKinds = [
  'release',
  'deleteBlob',
] as const satisfies readonly (keyof TaskPayloads)[]
