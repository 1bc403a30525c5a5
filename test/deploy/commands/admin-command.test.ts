// `holdfast admin` against a server that was started by the command line: a tenant from its first key to its end.
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from '../../support/describe.ts'
import { freePort } from '../../support/free-port.ts'
import { holdfastProgram, runHoldfast } from '../../support/run-holdfast.ts'
import { makeTemporaryDirectory, StartedServer } from '../../support/started-server.ts'
import { exchange } from '../../support/wire-request.ts'

const env = { HOLDFAST_ROOT_ACCESS_KEY: 'operator', HOLDFAST_ROOT_SECRET_KEY: 'operators-secret' }

describe('holdfast admin', (test) => {
  const directory = makeTemporaryDirectory()
  let server: StartedServer
  let admin = ''
  let s3Port = 0

  test.before(async () => {
    const argv = ['server', '--data', join(directory.path, 'data'), '--workers', '1']
    const listen = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']
    server = new StartedServer({ program: holdfastProgram, argv: [...argv, ...listen], env })
    const addresses = await server.listening()
    admin = addresses.admin
    s3Port = Number(new URL(addresses.s3).port)
  })
  test.after(async () => {
    await server.stop()
    directory.remove()
  })

  async function run(words: string, more: readonly string[] = []): Promise<string> {
    const argv = ['admin', ...words.split(' '), ...more, '--admin', admin]
    const { code, out, err } = await runHoldfast(argv, env)
    assert.equal(code, 0, `${words}: ${err}`)
    return out
  }

  const jsonOf = async (words: string, more: readonly string[] = []) =>
    JSON.parse(await run(words, [...more, '--json']))

  async function status(secretAccessKey: string, accessKeyId: string, target: string) {
    const credentials = { accessKeyId, secretAccessKey, region: 'us-east-1' }
    const request = { method: 'PUT', target, body: '', context: { credentials } }
    return (await exchange(s3Port, request)).status
  }

  test('makes a tenant with a user who may do what a policy says', async () => {
    const printed = await run('tenant create acme --bytes 5MiB')
    const [, id = ''] = /^id: +(\d{12})$/m.exec(printed) ?? []
    const [, keyId = ''] = /^access key: (\S+)$/m.exec(printed) ?? []
    const [, secret = ''] = /^secret key: (\S+)$/m.exec(printed) ?? []
    assert.equal(await status(secret, keyId, '/photos'), 200)
    assert.match(await run('tenant list'), new RegExp(`^${id} +acme +own +active`, 'm'))
    assert.equal((await jsonOf('tenant show acme')).id, id)
    assert.deepEqual(await jsonOf('quota show acme'), { bytes: 5 * 1024 * 1024 })
    assert.deepEqual(await jsonOf('quota set acme --buckets 4 --bytes none'), { buckets: 4 })
    assert.deepEqual(await jsonOf('quota set acme --bucket photos --objects 9'), { objects: 9 })
    const usage = { bytes: 0, objects: 0, versions: 0, deleteMarkers: 0, uploads: 0, partBytes: 0 }
    assert.deepEqual(await jsonOf('usage show acme'), { ...usage, buckets: 1 })
    assert.deepEqual(await jsonOf('usage show acme --bucket photos'), usage)
    await run('user create acme ann')
    const key = await jsonOf('key create acme --user ann')
    assert.equal(await status(key.secretAccessKey, key.accessKeyId, '/photos/k'), 403)
    const file = join(directory.path, 'policy.json')
    const statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' }
    writeFileSync(file, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }))
    await run('policy create acme everything', [file])
    await run('policy attach acme everything --user ann')
    assert.equal(await status(key.secretAccessKey, key.accessKeyId, '/photos/k'), 200)
    assert.match(await run('user list acme'), /^ann +/m)
    assert.equal((await jsonOf('policy show acme everything')).defaultVersion, 'v1')
    await run('policy set acme everything', [file])
    await run('policy detach acme everything --user ann')
    await run('policy delete acme everything')
    await run('group create acme readers')
    await run('group add acme readers ann')
    await run('policy attach acme arn:aws:iam::aws:policy/ReadOnlyAccess --group readers')
    assert.match(await run('key list acme'), new RegExp(`^${key.accessKeyId} +ann +active`, 'm'))
    await run(`key disable acme ${key.accessKeyId} --user ann`)
    await run(`key delete acme ${key.accessKeyId} --user ann`)
    await run('group remove acme readers ann')
    await run('user delete acme ann')
    await run('tenant suspend acme')
    await run('tenant resume acme')
    assert.match(await run('tenant delete acme --grace 1h'), /can be taken back/)
    assert.match(await run('tenant undelete acme'), /active/)
    await run('tenant delete acme --grace 0s')
    for (;;) if ((await jsonOf('tenant list --prefix acme')).length === 0) break
  })

  test('makes admins and tokens, which it signs in by', async () => {
    const made = await jsonOf('admin create auditor')
    assert.equal(made.role, 'readOnly')
    const { accessKeyId, secretAccessKey } = made.key
    const by = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const asAuditor = (words: string) =>
      runHoldfast(['admin', ...words.split(' '), '--admin', admin], by)
    assert.equal((await asAuditor('tenant list')).code, 0)
    const refused = await asAuditor('tenant create more')
    assert.equal(refused.code, 1)
    assert.match(refused.err, /^holdfast admin: Whoever has signed the request may not do this\./)
    const token = (await run('token create ci --expires 5m --read-only')).trim()
    const withToken = await runHoldfast(['admin', 'admin', 'list', '--admin', admin], {
      HOLDFAST_ADMIN_TOKEN: token,
    })
    assert.match(withToken.out, /auditor +readOnly/)
    await run(`admin delete ${made.id}`)
    assert.equal((await asAuditor('tenant list')).code, 1)
  })

  test('says what is wrong in a sentence', async () => {
    const there = ['--admin', admin]
    for (const [argv, code, says] of [
      [['tenant', 'create'], 2, /needs NAME/],
      [['tenant', 'create', 'a', 'b'], 2, /"b" is one word too many/],
      [['tenant', 'creat', 'a'], 2, /Did you mean "tenant create"/],
      [[], 2, /a noun and a verb are needed/],
      [['tenant', 'list', '--color'], 2, /--color/],
      [['tenant', 'list', '--admin', 'here'], 2, /is no URL/],
      [['tenant', 'create', 'A_B', ...there], 1, /name: /],
      [['tenant', 'show', 'nobody', ...there], 1, /There is no such tenant/],
      [['quota', 'set', 'root', '--bytes', 'much', ...there], 2, /much/],
      [['policy', 'attach', 'root', 'p', ...there], 2, /--user and --group/],
      [
        ['tenant', 'list', '--admin', `http://127.0.0.1:${await freePort()}`],
        1,
        /cannot be reached/,
      ],
    ] as const) {
      const ran = await runHoldfast(['admin', ...argv], env)
      assert.equal(ran.code, code, argv.join(' '))
      assert.match(ran.err, says)
      assert.ok(!ran.err.includes(env.HOLDFAST_ROOT_SECRET_KEY))
    }
    const without = await runHoldfast(['admin', 'tenant', 'list'])
    assert.equal(without.code, 2)
    assert.match(without.err, /must be set/)
    const help = await runHoldfast(['admin', '--help'])
    assert.match(help.out, /tenant create NAME/)
  })
})
