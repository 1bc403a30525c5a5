// Walks all states of a finite model, or one way through it, until an invariant is broken.

/** A model, whose states are plain values: equal ones have equal JSON. */
export type Model<State> = {
  readonly first: State
  readonly steps: (state: State) => readonly Step<State>[]
  /** Says what is wrong with a state. */
  readonly broken: (state: State) => string | undefined
}
export type Step<State> = { readonly name: string; readonly next: State }
export type Finding = { readonly broken: string; readonly trace: readonly string[] }
export type Search = { readonly states: number; readonly finding: Finding | undefined }

/** Breadth first, so that a finding's trace is a shortest one. */
export function searchStates<State>({ first, steps, broken }: Model<State>): Search {
  const cameFrom = new Map<string, { parent: string; name: string }>()
  cameFrom.set(JSON.stringify(first), { parent: '', name: '' })
  let frontier = [first]
  while (frontier.length > 0) {
    const found: State[] = []
    for (const state of frontier) {
      const parent = JSON.stringify(state)
      const wrong = broken(state)
      if (wrong !== undefined) {
        const finding = { broken: wrong, trace: traceTo(parent, cameFrom) }
        return { states: cameFrom.size, finding }
      }
      for (const { name, next } of steps(state)) {
        const id = JSON.stringify(next)
        if (cameFrom.has(id)) continue
        cameFrom.set(id, { parent, name })
        found.push(next)
      }
    }
    frontier = found
  }
  return { states: cameFrom.size, finding: undefined }
}

/** One way of at most `stepsMax` steps, as `random` (0 to 1) has it. */
export function walkStates<State>(
  { first, steps, broken }: Model<State>,
  { random, stepsMax }: { readonly random: () => number; readonly stepsMax: number },
): Finding | undefined {
  let state = first
  const trace: string[] = []
  for (;;) {
    const wrong = broken(state)
    if (wrong !== undefined) return { broken: wrong, trace }
    const all = steps(state)
    const step = all[Math.floor(random() * all.length)]
    if (step === undefined || trace.length === stepsMax) return undefined
    trace.push(step.name)
    state = step.next
  }
}

function traceTo(id: string, cameFrom: ReadonlyMap<string, { parent: string; name: string }>) {
  const trace: string[] = []
  for (let step = cameFrom.get(id); step && step.parent !== ''; step = cameFrom.get(step.parent)) {
    trace.unshift(step.name)
  }
  return trace
}
