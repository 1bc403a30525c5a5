// Runs programs that are not ours, in an environment that holds nothing of this machine's: settings of
// proxies, certificates or accounts would test something else than the reader of docs/clients.md gets.
import assert from 'node:assert'
import { spawn, spawnSync } from 'node:child_process'
import { describe } from '../support/describe.ts'
import { type ClientServer, clientKey, clientRegion } from './client-server.ts'

export type ClientRun = { readonly stdout: string; readonly stderr: string; readonly code: number }

/** A command and its first arguments, in an environment made for it. */
export class Client {
  private readonly command: readonly string[]
  private readonly env: Readonly<Record<string, string>>
  private readonly cwd: string

  constructor(parts: {
    readonly command: readonly string[]
    readonly env: Readonly<Record<string, string>>
    readonly cwd: string
  }) {
    this.command = parts.command
    this.env = parts.env
    this.cwd = parts.cwd
  }

  /** The same, with more in its environment. */
  with(env: Readonly<Record<string, string>>): Client {
    return new Client({ command: this.command, env: { ...this.env, ...env }, cwd: this.cwd })
  }

  /** What it printed; fails when it ends with another code than 0. */
  async run(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(...argv)
    const told = `${[...this.command, ...argv].join(' ')}\n${stdout.slice(-3000)}${stderr.slice(-3000)}`
    assert.strictEqual(code, 0, told)
    return stdout
  }

  /** Fails unless the client fails, and answers all it said. */
  async fails(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(...argv)
    assert.notStrictEqual(code, 0, `${[...this.command, ...argv].join(' ')} ended well:\n${stdout}`)
    return stdout + stderr
  }

  async attempt(...argv: readonly string[]): Promise<ClientRun> {
    const [program = '', ...first] = this.command
    const child = spawn(program, [...first, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.env,
      cwd: this.cwd,
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => out.push(piece))
    child.stderr.on('data', (piece: Buffer) => err.push(piece))
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => resolve(status ?? -1))
    })
    return {
      code,
      stdout: Buffer.concat(out).toString(),
      stderr: Buffer.concat(err).toString(),
    }
  }
}

/** PATH, a home of its own, the key in AWS's variables, and what the test adds. */
export function clientFor(
  server: ClientServer,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Client {
  return new Client({
    command,
    cwd: server.folder,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: server.folder,
      LANG: 'C.UTF-8',
      AWS_ACCESS_KEY_ID: clientKey.accessKeyId,
      AWS_SECRET_ACCESS_KEY: clientKey.secretAccessKey,
      AWS_DEFAULT_REGION: clientRegion,
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
  })
}

/**
 * Declares the suites when `probe` (say `rclone version`) works here. Otherwise says that it is not run;
 * with HOLDFAST_REQUIRE_CLIENTS, as in CI, that is a failure.
 */
export function describeWithClient(
  client: { readonly name: string; readonly probe: readonly string[] },
  define: () => void,
): void {
  const [program = '', ...argv] = client.probe
  if (spawnSync(program, argv, { stdio: 'ignore' }).status === 0) {
    define()
    return
  }
  describe(`${client.name}, which is not installed`, (test) => {
    test('is demanded only where HOLDFAST_REQUIRE_CLIENTS is set', () => {
      console.log(`not run: ${client.name} is not installed (${client.probe.join(' ')})`)
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLIENTS, `${client.name} is demanded and missing`)
    })
  })
}
