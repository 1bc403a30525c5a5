// Requests that make something and come with an idempotency key: sent again, within a day and with the same body, they are
// answered as before, with the same secret, and nothing is made twice. What is drawn for one follows from a seed that is kept
// before anything is made, so that whoever goes on after a crash, or at the same moment, makes the same thing.
// https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
import { createHash, createHmac } from 'node:crypto'
import type { AdminReplyDocument } from '../../../metadata/identity-records.ts'
import type { IdentityStore } from '../../../metadata/identity-store.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import type { MasterKey } from '../../access/keys/master-key-file.ts'
import { openSecret, sealSecret } from '../../access/keys/seal-secret.ts'
import type { RepeatingJob } from '../../background/repeating.ts'
import { changeAccount } from '../../iam/change-account.ts'
import { adminsTenantId } from '../admins/admins-tenant.ts'
import { AdminProblem } from './problem.ts'

export const replyLifeMs = 24 * 60 * 60_000
const keyForm = /^[!-~]{1,255}$/

export type OnceDeps = {
  readonly metadata: { readonly identities: IdentityStore }
  readonly masterKey: MasterKey
  readonly random: RandomBytes
  readonly now: () => number
}

/** What a request may be told apart by. */
export type OnceRequest = {
  readonly principalId: string
  readonly method: string
  readonly path: string
  readonly body: Uint8Array
  /** As it came. Undefined: it is sent once. */
  readonly key: string | undefined
}

/** What something is to be made of. */
export type Draws = { readonly random: RandomBytes; readonly now: () => number }

export type Answered = {
  /** JSON. */
  readonly text: string
  readonly isRepeated: boolean
}

/**
 * Answers what `make` does, as JSON, or what it did before. Throws `IdempotencyKeyReused`, `InvalidRequest`, and what `make`
 * throws, which has made nothing then.
 */
export async function answerOnce(
  deps: OnceDeps,
  request: OnceRequest,
  make: (draws: Draws) => Promise<object>,
): Promise<Answered> {
  const { random, now } = deps
  if (request.key === undefined) {
    return { text: JSON.stringify(await make({ random, now })), isRepeated: false }
  }
  const replyId = idOf(request, request.key)
  const known = await begin(deps, replyId, request)
  const before = replyIn(deps, replyId, known)
  if (before !== undefined) return { text: before, isRepeated: true }
  const seed = openSecret(
    deps.masterKey,
    { is: 'adminReply', replyId, part: 'seed' },
    Buffer.from(known.sealedSeed, 'base64'),
  )
  try {
    const made = await make({ random: randomFrom(seed), now: () => known.createdMs })
    return await end(deps, replyId, JSON.stringify(made))
  } catch (cause) {
    // Somebody who has sent the same at the same moment may have been the one to make it.
    const now = await deps.metadata.identities.get(adminsTenantId, 'adminReply', replyId)
    const text = now && replyIn(deps, replyId, now)
    if (text === undefined) throw cause
    return { text, isRepeated: true }
  }
}

function idOf({ principalId, method, path }: OnceRequest, key: string): string {
  if (!keyForm.test(key)) {
    const problem = 'must be 1 to 255 visible ASCII characters'
    throw new AdminProblem('InvalidRequest', { invalid: [{ field: 'Idempotency-Key', problem }] })
  }
  const named = JSON.stringify([principalId, method, path, key])
  return createHash('sha256').update(named).digest('hex')
}

function begin(
  { metadata, masterKey, random, now }: OnceDeps,
  replyId: string,
  { body }: OnceRequest,
): Promise<AdminReplyDocument> {
  const bodyHash = createHash('sha256').update(body).digest('hex')
  return changeAccount(metadata.identities, adminsTenantId, async (account) => {
    const found = await account.get('adminReply', replyId)
    if (found !== undefined && found.createdMs + replyLifeMs > now()) {
      if (found.bodyHash === bodyHash) return found
      throw new AdminProblem('IdempotencyKeyReused')
    }
    const name = { is: 'adminReply', replyId, part: 'seed' } as const
    const sealed = sealSecret(masterKey, { name, plaintext: random(32) }, random)
    const begun = { bodyHash, createdMs: now(), sealedSeed: sealed.toString('base64') }
    account.put('adminReply', replyId, begun)
    return begun
  })
}

/** Who is first, decides. */
function end(deps: OnceDeps, replyId: string, text: string): Promise<Answered> {
  const { metadata, masterKey, random } = deps
  return changeAccount(metadata.identities, adminsTenantId, async (account) => {
    const found = await account.get('adminReply', replyId)
    const before = found && replyIn(deps, replyId, found)
    if (before !== undefined) return { text: before, isRepeated: true }
    if (found !== undefined) {
      const name = { is: 'adminReply', replyId, part: 'reply' } as const
      const sealed = sealSecret(masterKey, { name, plaintext: Buffer.from(text) }, random)
      account.put('adminReply', replyId, { ...found, sealedReply: sealed.toString('base64') })
    }
    return { text, isRepeated: false }
  })
}

function replyIn(
  { masterKey }: OnceDeps,
  replyId: string,
  { sealedReply }: AdminReplyDocument,
): string | undefined {
  if (sealedReply === undefined) return undefined
  const name = { is: 'adminReply', replyId, part: 'reply' } as const
  return openSecret(masterKey, name, Buffer.from(sealedReply, 'base64')).toString('utf8')
}

/** The same bytes of the same seed, in the order in which they are asked for. */
function randomFrom(seed: Buffer): RandomBytes {
  let drawn = 0
  return (count) => {
    const blocks: Buffer[] = []
    for (let bytes = 0; bytes < count; bytes += 32, drawn += 1) {
      blocks.push(createHmac('sha256', seed).update(String(drawn)).digest())
    }
    return Buffer.concat(blocks).subarray(0, count)
  }
}

const everyMs = 10 * 60_000
const pageMax = 200

/** Forgets replies whose day is over, and tokens that have expired. */
export function forgetReplies({ metadata, now }: Pick<OnceDeps, 'metadata' | 'now'>): RepeatingJob {
  const { identities } = metadata
  const forget = async (kind: 'adminReply' | 'adminToken', signal: AbortSignal) => {
    for (let after: string | undefined; !signal.aborted; ) {
      const from = after === undefined ? {} : { after }
      const page = await identities.list(adminsTenantId, kind, { ...from, limit: pageMax })
      const old = page.entries.filter((entry) =>
        entry.kind === 'adminReply'
          ? entry.document.createdMs + replyLifeMs <= now()
          : entry.document.expiresMs <= now(),
      )
      await changeAccount(identities, adminsTenantId, async (account) => {
        for (const { name } of old) account.remove(kind, name)
      })
      after = page.entries.at(-1)?.name
      if (!page.isTruncated) return
    }
  }
  return {
    name: 'replies of the admin API',
    pauseMs: everyMs,
    run: async (signal) => {
      await forget('adminReply', signal)
      await forget('adminToken', signal)
      return 'idle'
    },
  }
}
