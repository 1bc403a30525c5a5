// How many archives a process is reading, for whoever has to know when they are many.

export class OpenReaders {
  private count = 0
  private readonly many: number
  private readonly onMany: (areMany: boolean) => void

  /** `onMany`: told when there are `many` of them, and when there are fewer again. */
  constructor(options: { readonly many: number; readonly onMany: (areMany: boolean) => void }) {
    this.many = options.many
    this.onMany = options.onMany
  }

  get areMany(): boolean {
    return this.count >= this.many
  }

  enter(): void {
    this.count += 1
    if (this.count === this.many) this.onMany(true)
  }

  leave(): void {
    if (this.count === this.many) this.onMany(false)
    this.count -= 1
  }
}
