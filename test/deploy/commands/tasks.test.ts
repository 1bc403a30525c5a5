// `holdfast tasks`, as an operator runs it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Task } from '../../../metadata/outbox-store.ts'
import { tenantId } from '../../contracts/metadata-fixture.ts'
import { describe } from '../../support/describe.ts'
import { freePort } from '../../support/free-port.ts'
import { anyRabbitmq } from '../../support/rabbitmq-node.ts'
import { freshPrefix, onChannel, openQuickQueue } from '../../support/rabbitmq-queue.ts'

const broker = await anyRabbitmq()
const program = fileURLToPath(new URL('../../../deploy/holdfast.js', import.meta.url))

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, 'tasks', ...argv], { env })
  const output = [text(child.stdout), text(child.stderr)] as const
  const [code] = await once(child, 'exit')
  return { code, out: await output[0], err: await output[1] }
}

describe('holdfast tasks', (test) => {
  test('names what is wrong with a command line, and repeats no password', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /in no broker/],
      [['nonsense'], /no "tasks nonsense"/],
      [['requeue'], /--kind KIND or --all/],
      [['requeue', '--all', '--kind', 'release'], /--kind KIND or --all/],
      [['requeue', '--kind', 'a.b'], /no kind of tasks/],
      [['dead', '--limit', '0'], /whole number/],
      [['--limit', '3'], /goes with dead/],
      [['--tasks', 'amqp://u:s3cret@h:99999/'], /HOST/],
      [['--tasks', 'amqp://u:s3cret@h/?verify=no'], /a parameter that there is not/],
      [['--tasks', 'http://u:s3cret@h/'], /neither embedded/],
    ]
    for (const [argv, says] of cases) {
      const { code, err } = await run(argv)
      assert.equal(code, 2, argv.join(' '))
      assert.match(err, says)
      assert.doesNotMatch(err, /s3cret/)
    }
  })

  test('says in a sentence that RabbitMQ cannot be reached', async () => {
    const HOLDFAST_TASKS = `amqp://u:s3cret@127.0.0.1:${await freePort()}`
    const { code, err } = await run([], { HOLDFAST_TASKS })
    assert.equal(code, 1)
    assert.match(err, /^holdfast tasks: RabbitMQ at 127\.0\.0\.1:\d+ cannot be reached: .*\.\n$/)
    assert.doesNotMatch(err, /s3cret/)
  })
})

function onBroker(url: string): void {
  describe('holdfast tasks on RabbitMQ', (test) => {
    test('counts, lists dead letters, puts them back, and does away with them', async () => {
      const prefix = freshPrefix()
      const env = { HOLDFAST_TASKS: `${url}?prefix=${prefix}` }
      const before = await run([], env)
      assert.equal(before.code, 0)
      assert.match(before.out, /^release +not used yet$/m)
      const { queue } = openQuickQueue({ url, prefix }, { limits: {} })
      const task: Task<'release'> = {
        ...{ id: 'ab12', tenantId, kind: 'release', payload: undefined },
        ...{ attempts: 1, claim: 'c' },
      }
      await queue.publish('release', [task, task], { signal: new AbortController().signal })
      await queue.close()
      // As a consumer of ours does with what it cannot have done.
      await onChannel(url, async (channel) => {
        const message = await channel.get(`${prefix}.tasks.release`)
        assert.ok(message)
        channel.reject(message, false)
        channel.sendToQueue(`${prefix}.dead`, Buffer.from('\x1b[2Jgarbage'))
        await channel.checkQueue(`${prefix}.dead`)
      })
      await wait(200)
      const counts = await run(['--kind', 'release'], env)
      assert.match(counts.out, /^kind +waiting +consumers\nrelease +1 +0\n\(dead\) +2\n$/)
      const dead = await run(['dead', '--limit', '5'], env)
      assert.match(dead.out, /^release +ab12 +root +1 +\d{4}-.*Z +failed too often$/m)
      assert.match(dead.out, /^\? +\? +\? +1 +\? +not readable by this program: its version is 27/m)
      const back = await run(['requeue', '--all'], env)
      assert.equal(back.out, 'Put back: 1. Still dead: 1.\n')
      await wait(200)
      const purged = await run(['purge-dead'], env)
      assert.equal(purged.out, 'Done away with: 1.\n')
      assert.equal((await run(['dead'], env)).out, 'No dead letters.\n')
      assert.match((await run([], env)).out, /^release +2 +0$/m)
    })
  })
}

if (broker !== undefined) onBroker(broker.url)
else {
  describe('holdfast tasks on RabbitMQ', (test) => {
    test('is demanded only where HOLDFAST_REQUIRE_CLUSTER is set', () => {
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLUSTER)
    })
  })
}
