// What it costs that a request is signed by a user of ten policies rather than by the root user, who needs none.
import assert from 'node:assert'
import type { SigningCredentials } from '../../protocol/s3/sigv4/sign-request.ts'
import { askQuery, elementIn } from '../support/query-client.ts'
import { runLoad } from './http-load.ts'
import type { Target } from './large-transfers.ts'
import { preparedRequest } from './prepared-requests.ts'
import { cpuSeconds } from './process-figures.ts'

type Row = (what: string, figure: string, ratio?: string) => void

const policies = 10
const rounds = 4
const secondsOfRound = 2

/** Of objects `/bench-small/get-0` to `get-999`. */
export async function userRows(row: Row, target: Target): Promise<void> {
  const user = { ...target.signing, credentials: await makeUser(target) }
  const loads = [target.signing, user].map((signing) => ({
    spent: 0,
    requests: 0,
    seconds: 0,
    gets: Array.from({ length: 1_000 }, (_, index) =>
      preparedRequest({ method: 'GET', target: `/bench-small/get-${index}` }, target.host, signing),
    ),
  }))
  // In turn, so that what slows the machine slows both.
  for (let round = 0; round <= rounds; round += 1) {
    for (const load of loads) {
      const { port, pid } = target.server
      const before = cpuSeconds(pid)
      const done = await runLoad({
        ...{ port, connections: 32, requests: Number.POSITIVE_INFINITY, seconds: secondsOfRound },
        request: (index) => load.gets[index % load.gets.length] ?? Buffer.alloc(0),
      })
      if (round === 0) continue
      load.spent += cpuSeconds(pid) - before
      load.requests += done.requests
      load.seconds += done.seconds
    }
  }
  const [root, other] = loads.map(({ spent, requests, seconds }) => ({
    micros: (spent / requests) * 1e6,
    perSecond: requests / seconds,
  }))
  assert(root !== undefined && other !== undefined)
  const byRate = (other.perSecond / root.perSecond).toFixed(2)
  const byCpu = (root.micros / other.micros).toFixed(2)
  row(
    `signed GET 1 KiB by a user of ${policies} policies`,
    `${other.perSecond.toFixed(0)}/s, ${other.micros.toFixed(1)} µs CPU`,
    `${byRate} of the root user's (aim 0.9), ${byCpu} by CPU`,
  )
}

/** The last of his policies alone allows what he does, and others deny what he does not. */
async function makeUser({ server: { port }, signing }: Target): Promise<SigningCredentials> {
  const { credentials } = signing
  const ask = async (action: string, parameters: Readonly<Record<string, string>>) => {
    const answered = await askQuery(port, { service: 'iam', action, parameters, credentials })
    assert.equal(answered.status, 200, answered.body.toString())
    return answered
  }
  const UserName = 'bench-user'
  await ask('CreateUser', { UserName })
  for (let at = 1; at <= policies; at += 1) {
    const statements = [
      { Effect: 'Deny', Action: 's3:DeleteObject', Resource: `arn:aws:s3:::kept-${at}/*` },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:ListBucket'],
        Resource: at === policies ? 'arn:aws:s3:::bench-small/*' : `arn:aws:s3:::bucket-${at}/*`,
        Condition: { StringNotEquals: { 'aws:PrincipalTag/team': 'none' } },
      },
    ]
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements })
    const made = await ask('CreatePolicy', { PolicyName: `bench-${at}`, PolicyDocument })
    await ask('AttachUserPolicy', { UserName, PolicyArn: elementIn(made, 'Arn') ?? '' })
  }
  const key = await ask('CreateAccessKey', { UserName })
  return {
    accessKeyId: elementIn(key, 'AccessKeyId') ?? '',
    secretAccessKey: elementIn(key, 'SecretAccessKey') ?? '',
    region: credentials.region,
  }
}
