// A server that is killed, again and again, in the middle of removing a tenant: it goes on each time that it is started, to the
// end, and another tenant keeps all it has.
import assert from 'node:assert'
import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../support/describe.ts'
import { holdfastProgram, runHoldfast } from '../support/run-holdfast.ts'
import { makeTemporaryDirectory, StartedServer } from '../support/started-server.ts'
import { exchange } from '../support/wire-request.ts'

const env = { HOLDFAST_ROOT_ACCESS_KEY: 'operator', HOLDFAST_ROOT_SECRET_KEY: 'operators-secret' }
const objects = 1_500
const killsMax = 4

describe('a tenant whose removal is cut off', (test) => {
  const directory = makeTemporaryDirectory()
  let server: StartedServer | undefined
  test.after(async () => {
    await server?.stop()
    directory.remove()
  })

  async function start(): Promise<{ readonly admin: string; readonly port: number }> {
    const argv = ['server', '--data', join(directory.path, 'data'), '--workers', '1']
    const listen = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']
    server = new StartedServer({ program: holdfastProgram, argv: [...argv, ...listen], env })
    const { s3, admin } = await server.listening()
    return { admin, port: Number(new URL(s3).port) }
  }

  async function admin(url: string, words: string): Promise<string> {
    const ran = await runHoldfast(['admin', ...words.split(' '), '--json', '--admin', url], env)
    assert.equal(ran.code, 0, `${words}: ${ran.err}`)
    return ran.out
  }

  test('is gone in the end, and its name is free', async () => {
    const seed = randomInt(1_000_000)
    console.log(`seed ${seed}`)
    let running = await start()
    const tenants = []
    for (const name of ['doomed', 'kept']) {
      const { key } = JSON.parse(await admin(running.admin, `tenant create ${name}`))
      const credentials = { ...key, region: 'us-east-1' }
      const put = (target: string, body: string | Buffer = '') =>
        exchange(running.port, { method: 'PUT', target, body, context: { credentials } })
      assert.equal((await put('/bucket')).status, 200)
      const body = randomBytes(6_000)
      for (let at = 0; at < objects; at += 50) {
        const some = Array.from({ length: 50 }, (_, more) => put(`/bucket/${at + more}`, body))
        for (const { status } of await Promise.all(some)) assert.equal(status, 200)
      }
      tenants.push({ name, credentials, body })
    }
    await admin(running.admin, 'tenant delete doomed --grace 0s')
    let random = seed
    for (let kills = 0; kills < killsMax; kills += 1) {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31
      // The job begins some seconds after the deletion.
      await sleep(kills === 0 ? 5_000 + (random % 1_500) : random % 2_500)
      await server?.kill()
      running = await start()
    }
    for (;;) {
      const left = JSON.parse(await admin(running.admin, 'tenant list --prefix doomed'))
      if (left.length === 0) break
      await sleep(500)
    }
    await admin(running.admin, 'tenant create doomed')
    const [, kept] = tenants
    assert.ok(kept !== undefined)
    for (const at of [0, 700, objects - 1]) {
      const context = { credentials: kept.credentials }
      const got = await exchange(running.port, { target: `/bucket/${at}`, context })
      assert.deepEqual(got.body, kept.body)
    }
  })
})
