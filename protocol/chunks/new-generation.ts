// Draws the generation of a chunk that is about to be stored.
import { type Generation, parseGeneration } from './chunk-ref.ts'

/** `count` bytes that nobody can guess (`randomBytes` of node:crypto; seeded in simulations). */
export type RandomBytes = (count: number) => Buffer

/** 48 random bits. */
export function newGeneration(random: RandomBytes): Generation {
  return parseGeneration(random(6).readUIntBE(0, 6))
}
