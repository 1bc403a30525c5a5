// What callers of a remote node may be told that is no answer, for the log and for whoever set it up.

/** Something went wrong in the node. Its log says what, under the id. */
export class DataNodeFailed extends Error {
  override readonly name = 'DataNodeFailed'

  constructor(node: string, requestId: string) {
    super(`the data node ${node} failed; its log has the cause under ${requestId}`)
  }
}

/** The node was not reached in time, or does not take the calls of this program: `cause` says why. */
export class DataNodeUnavailable extends Error {
  override readonly name = 'DataNodeUnavailable'
}

/** The node does not answer such calls. The message names it and what is to be looked at. */
export class DataNodeRefused extends Error {
  override readonly name = 'DataNodeRefused'
  readonly status: number

  constructor(node: string, { status, body }: { readonly status: number; readonly body: Buffer }) {
    super(
      `the data node ${node} ${reasons.get(status) ?? `answered with ${status}`} ("${shown(body)}")`,
    )
    this.status = status
  }
}

const reasons: ReadonlyMap<number, string> = new Map([
  [401, 'does not take the secret or the certificate of this program'],
  [404, 'speaks another version of the calls, or is no data node'],
  [501, 'does not know this verb: it is of an older version than this program'],
])

/** That does not change while one waits. */
export function isRefusal(status: number): boolean {
  return reasons.has(status)
}

/** It is somebody else's text. */
export function shown(said: Buffer): string {
  return said
    .toString('latin1', 0, 200)
    .replace(/[^ -~]+/g, ' ')
    .trim()
}
