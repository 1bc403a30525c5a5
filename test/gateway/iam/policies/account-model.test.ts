// Policies of an account against a plain model: whatever is done, in any order, each answer is the model's, a user may do what
// the model says and the simulator says so, and the account is sound. For a moment as part of the tests, or longer by hand:
//   [HOLDFAST_TEST_SEED=7] node dist/test/gateway/iam/policies/account-model.test.js --budget-ms 60000
import assert from 'node:assert'
import { parseArgs } from 'node:util'
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  IAMServiceException,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  SetDefaultPolicyVersionCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { describe } from '../../../support/describe.ts'
import { type SeededBytes, seededBytes } from '../../../support/seeded-bytes.ts'
import { allow, type Clients, deny, IamServer, own, policyText, trustText } from '../iam-server.ts'
import { assertSound } from './sound-account.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 3000)

const buckets = ['left', 'right']
const names = ['One', 'Two', 'Three', 'Four']
const holders = ['user', 'group', 'role'] as const
type HolderKind = (typeof holders)[number]
/** What a policy says, of one bucket or of both. */
type Says = { readonly effect: 'Allow' | 'Deny'; readonly buckets: readonly string[] }

type ModelPolicy = { versions: Map<number, Says>; inForce: number; newest: number }

/** What the account is, as simply as it can be said. */
class Model {
  readonly policies = new Map<string, ModelPolicy>()
  readonly attached: Record<HolderKind, Set<string>> = {
    user: new Set(),
    group: new Set(),
    role: new Set(),
  }
  readonly inline = new Map<string, Says>()
  boundary: string | undefined
  hasRole = false

  isHeld(name: string): boolean {
    return this.boundary === name || holders.some((kind) => this.attached[kind].has(name))
  }

  mayRead(bucket: string): boolean {
    return this.decision(bucket) === 'allowed'
  }

  /** As the simulator says it. */
  decision(bucket: string): 'allowed' | 'explicitDeny' | 'implicitDeny' {
    const says = [...this.attached.user, ...this.attached.group].map((name) => this.inForce(name))
    const own = [...says, ...this.inline.values()]
    const bound = this.boundary === undefined ? undefined : [this.inForce(this.boundary)]
    const about = (effect: Says['effect'], list: readonly Says[]) =>
      list.some((each) => each.effect === effect && each.buckets.includes(bucket))
    if (about('Deny', [...own, ...(bound ?? [])])) return 'explicitDeny'
    const isBounded = bound !== undefined && !about('Allow', bound)
    return about('Allow', own) && !isBounded ? 'allowed' : 'implicitDeny'
  }

  private inForce(name: string): Says {
    const policy = this.policies.get(name)
    return policy?.versions.get(policy.inForce) ?? assert.fail('a policy in the model is held')
  }
}

function textOf({ effect, buckets: of }: Says): string {
  const resources = of.map((bucket) => `arn:aws:s3:::${bucket}/*`)
  return policyText((effect === 'Allow' ? allow : deny)('s3:GetObject', resources))
}

/** One thing that is done to both. Answers what the server is to answer. */
type Step = {
  readonly send: () => Promise<unknown>
  readonly expected: string
  readonly shown: string
}

class Steps {
  readonly #iam: Clients['iam']
  readonly #model: Model
  readonly #random: SeededBytes

  constructor(iam: Clients['iam'], model: Model, random: SeededBytes) {
    this.#iam = iam
    this.#model = model
    this.#random = random
  }

  next(): Step {
    const all = [
      ...[() => this.create(), () => this.create(), () => this.remove(), () => this.addVersion()],
      ...[() => this.setDefault(), () => this.removeVersion(), () => this.attach()],
      ...[() => this.attach(), () => this.detach(), () => this.detach(), () => this.bound()],
      ...[() => this.unbound(), () => this.putInline(), () => this.removeInline()],
      ...[() => this.createRole(), () => this.removeRole()],
    ]
    return this.pick(all)()
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.integer(items.length)] ?? assert.fail('nothing to pick from')
  }

  private says(): Says {
    const of = this.pick([['left'], ['right'], buckets])
    return { effect: this.pick(['Allow', 'Allow', 'Deny'] as const), buckets: of }
  }

  private step(command: object, expected: string): Step {
    const shown = `${command.constructor.name} ${JSON.stringify((command as { input: object }).input)}`
    const send = () => this.#iam.send(command as CreatePolicyCommand)
    return { send, expected, shown }
  }

  private create(): Step {
    const [PolicyName, says] = [this.pick(names), this.says()]
    const command = new CreatePolicyCommand({ PolicyName, PolicyDocument: textOf(says) })
    if (this.#model.policies.has(PolicyName)) return this.step(command, 'EntityAlreadyExists')
    const versions = new Map([[1, says]])
    this.#model.policies.set(PolicyName, { versions, inForce: 1, newest: 1 })
    return this.step(command, 'done')
  }

  private named() {
    const name = this.pick(names)
    return { name, PolicyArn: own('policy', name), policy: this.#model.policies.get(name) }
  }

  private remove(): Step {
    const { name, PolicyArn, policy } = this.named()
    const command = new DeletePolicyCommand({ PolicyArn })
    if (policy === undefined) return this.step(command, 'NoSuchEntity')
    if (this.#model.isHeld(name) || policy.versions.size > 1) {
      return this.step(command, 'DeleteConflict')
    }
    this.#model.policies.delete(name)
    return this.step(command, 'done')
  }

  private addVersion(): Step {
    const { PolicyArn, policy } = this.named()
    const [says, SetAsDefault] = [this.says(), this.pick([true, false])]
    const command = new CreatePolicyVersionCommand({
      ...{ PolicyArn, SetAsDefault, PolicyDocument: textOf(says) },
    })
    if (policy === undefined) return this.step(command, 'NoSuchEntity')
    if (policy.versions.size === 5) return this.step(command, 'LimitExceeded')
    policy.newest += 1
    policy.versions.set(policy.newest, says)
    if (SetAsDefault) policy.inForce = policy.newest
    return this.step(command, 'done')
  }

  private version() {
    const found = this.named()
    const number = this.#random.integer((found.policy?.newest ?? 1) + 1) + 1
    const isThere = found.policy?.versions.has(number) === true
    return { ...found, number, isThere, VersionId: `v${number}` }
  }

  private setDefault(): Step {
    const { PolicyArn, VersionId, policy, number, isThere } = this.version()
    const command = new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId })
    if (policy === undefined || !isThere) return this.step(command, 'NoSuchEntity')
    policy.inForce = number
    return this.step(command, 'done')
  }

  private removeVersion(): Step {
    const { PolicyArn, VersionId, policy, number, isThere } = this.version()
    const command = new DeletePolicyVersionCommand({ PolicyArn, VersionId })
    if (policy === undefined || !isThere) return this.step(command, 'NoSuchEntity')
    if (policy.inForce === number) return this.step(command, 'DeleteConflict')
    policy.versions.delete(number)
    return this.step(command, 'done')
  }

  private attach(): Step {
    const { name, PolicyArn, policy } = this.named()
    const kind = this.pick(holders)
    const command = {
      user: () => new AttachUserPolicyCommand({ UserName: 'Model', PolicyArn }),
      group: () => new AttachGroupPolicyCommand({ GroupName: 'Models', PolicyArn }),
      role: () => new AttachRolePolicyCommand({ RoleName: 'Modelled', PolicyArn }),
    }[kind]()
    const isThere = kind !== 'role' || this.#model.hasRole
    if (policy === undefined || !isThere) return this.step(command, 'NoSuchEntity')
    this.#model.attached[kind].add(name)
    return this.step(command, 'done')
  }

  private detach(): Step {
    const { name, PolicyArn } = this.named()
    const kind = this.pick(holders)
    const command = {
      user: () => new DetachUserPolicyCommand({ UserName: 'Model', PolicyArn }),
      group: () => new DetachGroupPolicyCommand({ GroupName: 'Models', PolicyArn }),
      role: () => new DetachRolePolicyCommand({ RoleName: 'Modelled', PolicyArn }),
    }[kind]()
    const was = this.#model.attached[kind].delete(name)
    return this.step(command, was ? 'done' : 'NoSuchEntity')
  }

  private bound(): Step {
    const { name, PolicyArn, policy } = this.named()
    const input = { UserName: 'Model', PermissionsBoundary: PolicyArn }
    const command = new PutUserPermissionsBoundaryCommand(input)
    if (policy === undefined) return this.step(command, 'NoSuchEntity')
    this.#model.boundary = name
    return this.step(command, 'done')
  }

  private unbound(): Step {
    this.#model.boundary = undefined
    return this.step(new DeleteUserPermissionsBoundaryCommand({ UserName: 'Model' }), 'done')
  }

  private putInline(): Step {
    const [PolicyName, says] = [this.pick(['x', 'y']), this.says()]
    this.#model.inline.set(PolicyName, says)
    const input = { UserName: 'Model', PolicyName, PolicyDocument: textOf(says) }
    return this.step(new PutUserPolicyCommand(input), 'done')
  }

  private removeInline(): Step {
    const PolicyName = this.pick(['x', 'y'])
    const was = this.#model.inline.delete(PolicyName)
    const command = new DeleteUserPolicyCommand({ UserName: 'Model', PolicyName })
    return this.step(command, was ? 'done' : 'NoSuchEntity')
  }

  private createRole(): Step {
    const command = new CreateRoleCommand({
      ...{ RoleName: 'Modelled', AssumeRolePolicyDocument: trustText() },
    })
    if (this.#model.hasRole) return this.step(command, 'EntityAlreadyExists')
    this.#model.hasRole = true
    return this.step(command, 'done')
  }

  private removeRole(): Step {
    const command = new DeleteRoleCommand({ RoleName: 'Modelled' })
    if (!this.#model.hasRole) return this.step(command, 'NoSuchEntity')
    if (this.#model.attached.role.size > 0) return this.step(command, 'DeleteConflict')
    this.#model.hasRole = false
    return this.step(command, 'done')
  }
}

async function toldBy(answer: Promise<unknown>): Promise<string> {
  try {
    await answer
    return 'done'
  } catch (cause) {
    assert.ok(cause instanceof IAMServiceException, String(cause))
    return cause.name.replace(/Exception$/, '')
  }
}

async function mayRead({ s3 }: Clients, Bucket: string): Promise<boolean> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'key' }))
    // Whoever does not read to the end keeps a connection.
    await Body?.transformToByteArray()
    return true
  } catch (cause) {
    assert.ok(cause instanceof S3ServiceException && cause.name === 'AccessDenied', String(cause))
    return false
  }
}

async function simulated({ iam }: Clients): Promise<readonly (string | undefined)[]> {
  const { EvaluationResults = [] } = await iam.send(
    new SimulatePrincipalPolicyCommand({
      ...{ PolicySourceArn: own('user', 'Model'), ActionNames: ['s3:GetObject'] },
      ResourceArns: buckets.map((bucket) => `arn:aws:s3:::${bucket}/key`),
    }),
  )
  return EvaluationResults.map(({ EvalDecision }) => EvalDecision)
}

describe('the policies of an account', (test) => {
  let server: IamServer
  let user: Clients
  test.before(async () => {
    server = await IamServer.start()
    await server.addGroup('Models')
    user = await server.addUser('Model', { groups: ['models'] })
    for (const Bucket of buckets) {
      await server.root.s3.send(new CreateBucketCommand({ Bucket }))
      await server.root.s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'x' }))
    }
  })
  test.after(() => server.stop())

  test('are what a plain model says, after whatever was done', async () => {
    const model = new Model()
    const steps = new Steps(server.root.iam, model, seededBytes())
    const done: string[] = []
    const codes = new Map<string, number>()
    for (const end = Date.now() + budgetMs; Date.now() < end; ) {
      const { send, expected, shown } = steps.next()
      done.push(`${shown}: ${expected}`)
      const told = await toldBy(send())
      codes.set(told, (codes.get(told) ?? 0) + 1)
      const history = `after\n${done.slice(-30).join('\n')}`
      assert.equal(told, expected, history)
      for (const bucket of buckets) {
        assert.equal(await mayRead(user, bucket), model.mayRead(bucket), `${bucket} ${history}`)
      }
      assert.deepStrictEqual(
        await simulated(server.root),
        buckets.map((bucket) => model.decision(bucket)),
        history,
      )
      if (done.length % 20 === 0) await assertSound(server.identities)
    }
    await assertSound(server.identities)
    console.log(
      `${done.length} steps: ${[...codes].map(([code, times]) => `${code} ${times}`).join(', ')}`,
    )
    assert.ok((codes.get('done') ?? 0) > 0)
  })
})
