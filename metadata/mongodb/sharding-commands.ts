// What is asked of `mongos` to spread the collections over shards, as commands. Nothing here speaks to anybody.
//
// Collections that are ranged by random ids are cut before there is anything in them, a piece for each shard: else
// all that is stored first would lie on one, until the balancer has seen it.
import { type Document, MaxKey, MinKey } from 'mongodb'
import type { CollectionPlan } from './schema.ts'

const hexDigits = 2

/** Which fields a collection is sharded by, spelled as the command wants it. */
export function shardCommand(database: string, { name, shardKey }: CollectionPlan): Document {
  return { shardCollection: `${database}.${name}`, key: shardKey }
}

/** Keeps everything on shards that were named. */
export function zoneCommands(
  database: string,
  plans: readonly CollectionPlan[],
  shards: readonly string[],
): readonly Document[] {
  const zone = `holdfast-${database}`
  const ranges = plans.flatMap(({ name, shardKey = {} }) => {
    const fields = Object.keys(shardKey)
    if (fields.length === 0) return []
    const [min, max] = [new MinKey(), new MaxKey()].map((end) =>
      Object.fromEntries(fields.map((field) => [field, end])),
    )
    return [{ updateZoneKeyRange: `${database}.${name}`, min, max, zone }]
  })
  return [...shards.map((shard) => ({ addShardToZone: shard, zone })), ...ranges]
}

/** Cuts an empty collection into a piece a shard, and brings each to its own. None for what is spread otherwise. */
export function spreadCommands(
  database: string,
  { name, shardKey = {}, isHex }: CollectionPlan,
  shards: readonly string[],
): readonly Document[] {
  const [first, ...others] = Object.keys(shardKey)
  if (isHex === undefined || first === undefined || shards.length < 2) return []
  const namespace = `${database}.${name}`
  const at = (value: unknown, rest: unknown) => ({
    [first]: value,
    ...Object.fromEntries(others.map((field) => [field, rest])),
  })
  const cuts = shards
    .slice(1)
    .map((_, index) => at(hexAt((index + 1) / shards.length), new MinKey()))
  const bounds = [at(new MinKey(), new MinKey()), ...cuts, at(new MaxKey(), new MaxKey())]
  return [
    ...cuts.map((middle) => ({ split: namespace, middle })),
    ...shards.map((to, index) => ({
      ...{ moveChunk: namespace, bounds: bounds.slice(index, index + 2), to },
    })),
  ]
}

function hexAt(share: number): string {
  return Math.round(share * 16 ** hexDigits)
    .toString(16)
    .padStart(hexDigits, '0')
}
