// What became of each of the chunks that a call names: one byte each, in the order of the call.
import { BadBlobMessage } from './checked-head.ts'

export type Outcomes<Name extends string> = {
  encode(names: readonly Name[]): Buffer
  /** Throws `BadBlobMessage` where there are not `count`, or one is unknown. */
  parse(bytes: Buffer, count: number): readonly Name[]
}

/** 0 is none of them: bytes that nobody has written mean nothing. */
const first = 1

/** Their places in the lists are their bytes: new ones go to the end. */
export const writeOutcomes = outcomesOf(['stored', 'full', 'unavailable'])
export const stateOutcomes = outcomesOf(['good', 'bad', 'absent', 'unavailable'])
export const deleteOutcomes = outcomesOf(['deleted', 'left'])
export const readOutcomes = outcomesOf(['found', 'absent', 'corrupt', 'unavailable'])

function outcomesOf<const Name extends string>(names: readonly Name[]): Outcomes<Name> {
  const codes = new Map(names.map((name, index) => [name, index + first]))
  return {
    encode: (given) => Buffer.from(given.map((name) => codes.get(name) ?? 0)),
    parse: (bytes, count) => {
      if (bytes.length !== count) throw new BadBlobMessage(`${bytes.length} outcomes of ${count}`)
      return Array.from(bytes, (code) => {
        const name = names[code - first]
        if (name === undefined) throw new BadBlobMessage(`an outcome ${code}`)
        return name
      })
    },
  }
}
