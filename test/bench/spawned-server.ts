// Holdfast and the bare server as child processes of the bench, on free ports and a directory of
// their own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Spawned = {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

export const benchKey = { accessKeyId: 'bench-access-key', secretAccessKey: 'bench-secret-key' }

export function spawnHoldfast(dataDirectory: string): Promise<Spawned> {
  const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
  const flags = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--workers', '1']
  const child = spawn(process.execPath, [program, 'server', '--data', dataDirectory, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      HOLDFAST_ROOT_ACCESS_KEY: benchKey.accessKeyId,
      HOLDFAST_ROOT_SECRET_KEY: benchKey.secretAccessKey,
    },
  })
  return started(child, /^Listening: s3 http:\/\/127\.0\.0\.1:(\d+)/)
}

export function spawnMetadataService(directory: string, secret: string): Promise<Spawned> {
  const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
  const flags = ['--metadata', `lmdb:${directory}`, '--listen', '127.0.0.1:0']
  const child = spawn(process.execPath, [program, 'metadata', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOLDFAST_CLUSTER_SECRET: secret },
  })
  return started(child, /^Listening: metadata http:\/\/127\.0\.0\.1:(\d+)/)
}

export function spawnBareServer(): Promise<Spawned> {
  const program = fileURLToPath(new URL('./bare-server.js', import.meta.url))
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  return started(child, /^port (\d+)/)
}

async function started(child: ChildProcess, line: RegExp): Promise<Spawned> {
  if (child.stdout === null || child.pid === undefined) throw new Error('no child process')
  const { pid } = child
  const exit = once(child, 'exit')
  for await (const text of createInterface({ input: child.stdout })) {
    const port = line.exec(text)?.[1]
    if (port === undefined) continue
    child.stdout.resume()
    return {
      port: Number(port),
      pid,
      stop: async () => {
        child.stdin?.end()
        child.kill('SIGTERM')
        await exit
      },
    }
  }
  throw new Error('the server ended before it listened')
}
