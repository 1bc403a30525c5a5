// How much the downloads of one process read ahead together. A reader that gets nothing of it goes on
// in small steps, which it always may.

export class ReadAheadBudget {
  private free: number

  constructor(options: { readonly bytes: number }) {
    this.free = options.bytes
  }

  /** Bytes that are left. */
  get freeBytes(): number {
    return this.free
  }

  tryTake(bytes: number): boolean {
    if (this.free < bytes) return false
    this.free -= bytes
    return true
  }

  giveBack(bytes: number): void {
    this.free += bytes
  }
}
