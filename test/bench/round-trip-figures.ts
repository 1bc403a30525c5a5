// How many commands verbs send to MongoDB, which is what a cluster's distances multiply. Their times are left out: those of
// a server for tests say nothing.
import { countRoundTrips } from '../support/mongo-round-trips.ts'
import { hasMongo } from '../support/mongo-server.ts'

type Row = (what: string, figure: string, ratio?: string) => void

export async function roundTripRows(row: Row): Promise<void> {
  if (!hasMongo()) {
    row('round trips to MongoDB', 'there is none here')
    return
  }
  for (const [what, count] of await countRoundTrips()) row(`round trips: ${what}`, String(count))
}
