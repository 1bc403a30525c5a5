// The process tree on fake engines: starting, serving by several processes, replacing dead ones,
// stopping, and keeping a second server away.
import assert from 'node:assert'
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe } from '../../support/describe.ts'
import { makeTemporaryDirectory, StartedServer } from '../../support/started-server.ts'

const program = fileURLToPath(new URL('../fake-server.js', import.meta.url))

function start(options: {
  data: string
  workers?: number
  listen?: string
  argv?: readonly string[]
  env?: Record<string, string>
}): StartedServer {
  const { data, workers = 2, listen = '127.0.0.1:0', argv = [], env = {} } = options
  const addresses = ['--listen', listen, '--admin-listen', '127.0.0.1:0']
  const all = ['--data', data, ...addresses, '--workers', String(workers), ...argv]
  return new StartedServer({ program, argv: all, env })
}

/** The process that answered. */
async function pidAt(url: string): Promise<string> {
  const reply = await fetch(url, { headers: { connection: 'close' } })
  assert.strictEqual(await reply.text(), 'done')
  return reply.headers.get('x-pid') ?? ''
}

async function pidsAt(url: string): Promise<ReadonlySet<string>> {
  return new Set(await Promise.all(Array.from({ length: 8 }, () => pidAt(url))))
}

async function untilReady(admin: string): Promise<void> {
  for (;;) {
    const reply = await fetch(`${admin}/readyz`)
    if (reply.ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function serverTests(workers: number): void {
  describe(`a server of ${workers} worker(s)`, (test) => {
    const directory = makeTemporaryDirectory()
    const running: StartedServer[] = []
    const data = () => join(directory.path, String(running.length))
    const begin = (options: Omit<Parameters<typeof start>[0], 'data' | 'workers'> = {}) => {
      const server = start({ data: data(), workers, ...options })
      running.push(server)
      return server
    }
    test.after(async () => {
      for (const server of running) await server.stop('SIGKILL')
      directory.remove()
    })

    test('all its processes answer, and the admin port says that it is ready', async () => {
      const server = begin()
      const { s3, admin } = await server.listening()
      assert.strictEqual((await pidsAt(s3)).size, workers)
      assert.strictEqual(await (await fetch(`${admin}/healthz`)).text(), 'ok\n')
      assert.deepStrictEqual(await (await fetch(`${admin}/readyz`)).json(), {
        ready: true,
        workersListening: workers,
        workersWanted: workers,
        engines: 'ok',
      })
      assert.strictEqual((await fetch(`${admin}/else`)).status, 404)
    })

    test('it is not ready while its engines do not answer, and is again when they do', async () => {
      const path = data()
      const { admin } = await begin().listening()
      writeFileSync(join(path, 'sick'), '')
      const reply = await fetch(`${admin}/readyz`)
      assert.strictEqual(reply.status, 503)
      assert.match(await reply.text(), /the engine is sick/)
    })

    test('SIGTERM lets a request under way end, closes the engines and exits with 0', async () => {
      const server = begin()
      const { s3 } = await server.listening()
      const body = new Promise<string>((resolve, reject) => {
        get(`${s3}/held`, (reply) => {
          let text = ''
          reply.on('data', (piece) => {
            text += piece
            if (text === 'begun ') server.child.kill('SIGTERM')
          })
          reply.on('end', () => resolve(text))
          reply.on('error', reject)
        }).on('error', reject)
      })
      assert.strictEqual(await body, 'begun done')
      assert.strictEqual(await server.end(), 0)
      assert.match(server.output, /Stopped\.\n$/)
      const closed = server.output.match(/^closed as (whole|primary|worker)$/gm) ?? []
      assert.strictEqual(closed.length, workers === 1 ? 1 : workers + 1)
    })

    test('a second server on the same directory is refused, and told by whom', async () => {
      const path = data()
      const first = begin()
      await first.listening()
      const second = start({ data: path, workers })
      assert.strictEqual(await second.end(), 1)
      assert.match(second.output, /is in use by a server with process id \d+\. Stop it first/)
      assert.ok(second.output.includes(` ${first.child.pid}.`), second.output)
    })

    test('started a second time as it is, it says that it runs already, and by which process', async () => {
      const path = data()
      const first = begin()
      const { s3 } = await first.listening()
      const second = start({ data: path, workers, listen: new URL(s3).host })
      assert.strictEqual(await second.end(), 1)
      assert.ok(
        second.output.includes(`a server with process id ${first.child.pid} `),
        second.output,
      )
    })

    test('after a hard kill, the next start takes the directory', async () => {
      const path = data()
      const first = begin()
      await first.listening()
      await first.stop('SIGKILL')
      const second = start({ data: path, workers })
      running.push(second)
      await second.listening()
    })

    test('it cannot start on an address in use, names the flag and leaves the directory free', async () => {
      const { s3 } = await begin().listening()
      const path = data()
      const second = begin({ listen: new URL(s3).host })
      assert.strictEqual(await second.end(), 1)
      const { port } = new URL(s3)
      assert.match(
        second.output,
        new RegExp(`^--listen 127.0.0.1:${port}: port ${port} is in use`, 'm'),
      )
      // It was found out before anything was begun.
      assert.doesNotMatch(second.output, /opened as/)
      const third = start({ data: path, workers })
      running.push(third)
      await third.listening()
    })
  })
}

serverTests(1)
serverTests(3)

describe('a server of one process whose engines are lost to it', (test) => {
  const directory = makeTemporaryDirectory()
  const running: StartedServer[] = []
  const begin = async () => {
    const server = start({ data: join(directory.path, String(running.length)), workers: 1 })
    running.push(server)
    return { server, ...(await server.listening()) }
  }
  const lose = async ({ server, s3, admin }: Awaited<ReturnType<typeof begin>>) => {
    await fetch(`${s3}/lose`).catch(() => undefined)
    await server.printed(/^Another process is started to serve S3/m)
    await untilReady(admin)
  }
  test.after(async () => {
    for (const server of running) await server.stop('SIGKILL')
    directory.remove()
  })

  test('serves by a worker on the same address, and replaces one that dies', async () => {
    const begun = await begin()
    const { server, s3, admin } = begun
    assert.equal(await pidAt(s3), String(server.child.pid))
    await lose(begun)
    const [worker] = server.workers
    assert.equal(await pidAt(s3), String(worker))
    await fetch(`${s3}/die`).catch(() => undefined)
    while (server.workers.includes(Number(worker))) await sleep(5)
    await untilReady(admin)
    assert.equal(await pidAt(s3), String(server.workers[0]))
  })

  test('stops in order then', async () => {
    const begun = await begin()
    await lose(begun)
    const { server } = begun
    assert.equal(await server.stop(), 0)
    assert.match(server.output, /^closed as worker$/m)
    assert.match(server.output, /Stopped\.\n$/)
  })
})

describe('worker processes', (test) => {
  const directory = makeTemporaryDirectory()
  const running: StartedServer[] = []
  test.after(async () => {
    for (const server of running) await server.stop('SIGKILL')
    directory.remove()
  })

  test('one that dies is replaced', async () => {
    const server = start({ data: join(directory.path, 'dies') })
    running.push(server)
    const { s3, admin } = await server.listening()
    const before = await pidsAt(s3)
    await assert.rejects(fetch(`${s3}/die`))
    await server.printed(/^Worker process \d+ ended \(code 3\); starting another\.$/m)
    await untilReady(admin)
    const after = await pidsAt(s3)
    assert.strictEqual(after.size, 2)
    assert.notDeepStrictEqual(after, before)
  })

  test('a connection that one was being handed as it died ends, and others are answered', async () => {
    const server = start({ data: join(directory.path, 'handed') })
    running.push(server)
    const { s3 } = await server.listening()
    const [victim] = await pidsAt(s3)
    process.kill(Number(victim), 'SIGSTOP')
    // The two take turns, and the stopped one never answers that it has the connection.
    let ended = 0
    const signal = AbortSignal.timeout(60_000)
    const asked = Array.from({ length: 4 }, async () => {
      await fetch(s3, { headers: { connection: 'close' }, signal }).finally(() => {
        ended += 1
      })
    })
    const outcomes = Promise.allSettled(asked)
    while (ended < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    process.kill(Number(victim), 'SIGKILL')
    const lost = (await outcomes).filter((outcome) => outcome.status === 'rejected')
    assert.strictEqual(lost.length, 1)
    assert.match(String(lost[0]?.reason.cause), /ECONNRESET|other side closed/)
  })

  test('what two of them left is cleared up before others are started', async () => {
    const data = join(directory.path, 'clears')
    const server = start({ data })
    running.push(server)
    const { s3, admin } = await server.listening()
    writeFileSync(join(data, 'clear-slowly'), '')
    await Promise.allSettled([fetch(`${s3}/die`), fetch(`${s3}/die`)])
    await server.printed(/^left behind [\s\S]*^left behind /m)
    await untilReady(admin)
    const events = server.output.match(/^(left behind|opened as worker)/gm)?.slice(2)
    assert.deepStrictEqual(events, [
      'left behind',
      'left behind',
      'opened as worker',
      'opened as worker',
    ])
  })

  test('they end with the primary, and hold the directory until they have', async () => {
    const data = join(directory.path, 'orphans')
    const server = start({ data })
    running.push(server)
    const { s3 } = await server.listening()
    const [worker] = await pidsAt(s3)
    process.kill(Number(worker), 'SIGSTOP')
    await server.kill()
    // The stopped worker still has the engines open: nobody else may have them.
    const early = start({ data })
    assert.strictEqual(await early.end(), 1)
    assert.match(early.output, /is in use/)
    process.kill(Number(worker), 'SIGCONT')
    const late = start({ data })
    running.push(late)
    await late.listening()
  })

  test('when one cannot start, the server does not, and says why', async () => {
    const server = start({
      data: join(directory.path, 'fails'),
      argv: ['--region', 'fails-in-worker'],
    })
    assert.strictEqual(await server.end(), 1)
    assert.match(server.output, /no luck today/)
  })

  test('when none can be started any more, the server gives up and says why', async () => {
    const data = join(directory.path, 'gives-up')
    const server = start({ data })
    running.push(server)
    const { s3 } = await server.listening()
    writeFileSync(join(data, 'no-more-workers'), '')
    for (const worker of await pidsAt(s3)) process.kill(Number(worker), 'SIGKILL')
    assert.strictEqual(await server.end(), 1)
    assert.match(
      server.output,
      /No worker process can be started any more\. Error: no luck any more$/m,
    )
    assert.match(server.output, /^closed as primary$/m)
  })

  test('they get neither the root key nor settings from the environment', async () => {
    const server = start({
      data: join(directory.path, 'secrets'),
      env: { HOLDFAST_ROOT_ACCESS_KEY: 'admin', HOLDFAST_ROOT_SECRET_KEY: 'very-secret-1' },
    })
    running.push(server)
    const { s3 } = await server.listening()
    assert.match(server.output, /opened as primary with root key/)
    assert.match(server.output, /opened as worker with no root key/)
    for (const pid of await pidsAt(s3)) {
      assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /HOLDFAST_|very-secret-1/)
    }
  })
})

describe('a start that does not come to its end', (test) => {
  const directory = makeTemporaryDirectory()
  test.after(() => directory.remove())

  test('is ended by SIGTERM and SIGINT while a worker hangs, and what was opened is closed', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const data = join(directory.path, signal)
      const server = start({ data, argv: ['--region', 'hangs-in-worker'] })
      await server.printed(/^opened as worker/m)
      assert.strictEqual(await server.stop(signal), 0)
      // The key is made by then, and this is the only time that it is told.
      assert.match(server.output, /Stopping;[\s\S]*Secret key {2}\S{40}\n[\s\S]*Stopped\.\n$/)
      assert.match(server.output, /^closed as primary$/m)
    }
  })

  test('is ended by SIGTERM while the process goes round in a circle', async () => {
    const server = start({ data: join(directory.path, 'spins'), argv: ['--region', 'spins'] })
    await server.printed(/^opened as primary/m)
    await server.stop()
    assert.strictEqual(server.child.signalCode, 'SIGTERM')
  })

  test('on a directory that cannot be made ends with what is in the way', async () => {
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    symlinkSync('circle', join(directory.path, 'circle'))
    symlinkSync('nowhere', join(directory.path, 'dangling'))
    for (const [data, why] of [
      ['/proc/foo/bar', /\/proc takes no directories/],
      ['/dev/null', /\/dev\/null is no directory/],
      [file, /file is no directory/],
      [join(file, 'below'), /(something above it that|file) is no directory/],
      [join(directory.path, 'circle', 'below'), /go round in a circle/],
      [join(directory.path, 'dangling'), /a symbolic link to what is not there/],
      [join(directory.path, 'x'.repeat(300)), /is too long a name/],
    ] as const) {
      const server = start({ data })
      assert.strictEqual(await server.end(), 1, data)
      assert.match(server.output, /^The data directory .* cannot be used: /m)
      assert.match(server.output, why)
    }
  })
})

describe('the first start', (test) => {
  const directory = makeTemporaryDirectory()
  test.after(() => directory.remove())

  test('makes a key and prints it; the next start prints no secret', async () => {
    const data = join(directory.path, 'made')
    const first = start({ data, workers: 1 })
    await first.listening()
    const secret = /Secret key {2}(\S{40})\n/.exec(first.output)?.[1]
    assert.ok(secret !== undefined, first.output)
    assert.match(first.output, /Access key {2}HF[0-9A-F]{18}\n/)
    assert.match(first.output, /aws --endpoint-url http:\/\/127\.0\.0\.1:\d+ s3 mb/)
    await first.stop()
    const second = start({ data, workers: 1 })
    await second.listening()
    await second.stop()
    assert.ok(!second.output.includes(secret))
    assert.doesNotMatch(second.output, /Secret key|Access key/)
  })

  test('takes a configured key and does not print its secret', async () => {
    const env = { HOLDFAST_ROOT_ACCESS_KEY: 'admin', HOLDFAST_ROOT_SECRET_KEY: 'very-secret-1' }
    const server = start({ data: join(directory.path, 'given'), workers: 1, env })
    await server.listening()
    await server.stop()
    assert.match(server.output, /Access key {2}admin\n/)
    assert.doesNotMatch(server.output, /very-secret-1/)
  })

  test('makes a data directory that only its owner can enter', async () => {
    const data = join(directory.path, 'deep', 'down')
    const server = start({ data, workers: 1 })
    await server.listening()
    await server.stop()
    assert.strictEqual(statSync(data).mode & 0o777, 0o700)
    assert.ok(readdirSync(data).includes('lock'))
  })
})
