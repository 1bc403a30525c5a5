// Runs a command of `holdfast` to its end, as somebody at a shell does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export const holdfastProgram = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

/** `env`: all that it has, besides what Node needs. */
export async function runHoldfast(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [holdfastProgram, ...argv], {
    ...{ env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  })
  const output = [text(child.stdout), text(child.stderr)] as const
  const [code] = await once(child, 'exit')
  return { code, out: await output[0], err: await output[1] }
}
