// Whether there are shards. A process that is connected to `mongos` sees them all as one.
import type { Db } from 'mongodb'

export type ClusterKind = 'sharded' | 'replicaSet'

export async function readClusterKind(db: Db): Promise<ClusterKind> {
  const { msg } = await db.command({ hello: 1 })
  return msg === 'isdbgrid' ? 'sharded' : 'replicaSet'
}
