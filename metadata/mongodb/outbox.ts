import type { Outbox } from '../outbox-store.ts'
import type { Shared } from './shared.ts'

export function mongoOutbox(_shared: Shared): Outbox {
  throw new Error('not built yet')
}
