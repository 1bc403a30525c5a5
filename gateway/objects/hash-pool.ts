// Threads that compute the digests of large bodies, shared by the uploads of a process.
export class HashPool {
  readonly threadsMax: number

  constructor(options: { readonly threadsMax: number }) {
    this.threadsMax = options.threadsMax
  }

  async close(): Promise<void> {}
}
