// The memory that uploads of a process gather chunks in: a bounded number of shared 4 MiB buffers.
export class IngestBudget {
  readonly buffersMax: number

  constructor(options: { readonly buffersMax: number }) {
    this.buffersMax = options.buffersMax
  }
}
