// A directory mounted at a second place, read-only if wanted: for tests of media that take no writes, and of
// volumes. Where nothing may be mounted such a test says so and passes, unless HOLDFAST_REQUIRE_MOUNT is set.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

export type BindMount = { unmount(): void }

/** `undefined`: nothing can be mounted here, and it is not demanded. Makes the place. */
export function bindMount(
  from: string,
  { at, as }: { readonly at: string; readonly as: 'readOnly' | 'writable' },
): BindMount | undefined {
  mkdirSync(at, { recursive: true })
  const unmount = () => {
    spawnSync('umount', ['-l', at])
  }
  try {
    run('mount', ['--bind', from, at])
    if (as === 'readOnly') run('mount', ['-o', 'remount,bind,ro', at])
    // Also when a test ends otherwise than it should.
    process.on('exit', unmount)
    return { unmount }
  } catch (cause) {
    unmount()
    if (process.env.HOLDFAST_REQUIRE_MOUNT) throw cause
    console.log(`not run: nothing can be mounted here (${String(cause)})`)
    return undefined
  }
}

function run(program: string, argv: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, argv)
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr.toString().trim()}`)
}
