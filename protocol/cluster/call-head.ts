// What the head of a call says in every part of the cluster, and how a call is refused that is not to be answered.

/** Names the header with the milliseconds that are left. */
export const deadlineHeader = 'holdfast-deadline'

/** The longest that a call may ask for. */
export const callMsMax = 600_000

export type Refusal = {
  readonly is: 'refused'
  readonly status: number
  /** A sentence for whoever set it up. */
  readonly why: string
}

export function refused(status: number, why: string): Refusal {
  return { is: 'refused', status, why }
}

/** A whole number of at most nine digits. */
export function parseHeadNumber(
  header: string | readonly string[] | undefined,
): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined
}

/** How long a call is and how long it may take, or what keeps it from being one. */
export function judgeHead(
  head: {
    readonly method?: string | undefined
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  },
  bytesMax: number,
): { readonly is: 'head'; readonly bytes: number; readonly forMs: number } | Refusal {
  const { method, headers } = head
  if (method !== 'POST') return refused(405, 'verbs are called by POST')
  const bytes = parseHeadNumber(headers['content-length'])
  const forMs = parseHeadNumber(headers[deadlineHeader])
  if (bytes === undefined) return refused(411, 'a call says how long it is')
  if (bytes > bytesMax) return refused(413, `a call has at most ${bytesMax} bytes`)
  if (forMs === undefined) return refused(400, `${deadlineHeader} is missing`)
  return { is: 'head', bytes, forMs: Math.min(forMs, callMsMax) }
}
