// A small file system of its own, for tests of what a full disk does: ext4 in a file, on a loop device.
// Where nothing may be mounted such a test says so and passes, unless HOLDFAST_REQUIRE_MOUNT is set,
// as it is in CI.
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const blockBytes = 4096
const fillStepBytes = 1024 * 1024

export class SmallDisk {
  /** Where it is mounted. */
  readonly path: string
  readonly #root: string
  readonly #image: string

  private constructor(root: string) {
    this.#root = root
    this.#image = join(root, 'image')
    this.path = join(root, 'disk')
  }

  /** Undefined when nothing can be mounted here and it is not demanded. */
  static make(bytes: number): SmallDisk | undefined {
    const disk = new SmallDisk(mkdtempSync(join(tmpdir(), 'holdfast-disk-')))
    try {
      mkdirSync(disk.path)
      writeFileSync(disk.#image, '')
      truncateSync(disk.#image, bytes)
      run('mkfs.ext4', ['-q', '-F', '-m', '0', disk.#image])
      disk.mount()
      // Also when a test ends otherwise than it should.
      process.on('exit', () => disk.discard())
      return disk
    } catch (cause) {
      rmSync(disk.#root, { recursive: true, force: true })
      if (process.env.HOLDFAST_REQUIRE_MOUNT) throw cause
      console.log(`not run: no file system can be mounted here (${String(cause)})`)
      return undefined
    }
  }

  mount(): void {
    run('mount', ['-o', 'loop,errors=remount-ro', this.#image, this.path])
  }

  unmount(): void {
    run('umount', [this.path])
  }

  /** Takes all that is free, to the last byte. */
  fill(): void {
    const fd = openSync(this.#filler, 'a', 0o600)
    try {
      // What the kernel has promised and not yet laid out counts only once it is on the disk.
      for (let round = 0; round < 3; round += 1) {
        for (let step = fillStepBytes; step >= blockBytes / 8; ) {
          try {
            if (writeSync(fd, Buffer.alloc(step, 1)) < step) step /= 2
          } catch (cause) {
            if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause
            step /= 2
          }
        }
        fsyncSync(fd)
      }
    } finally {
      closeSync(fd)
    }
  }

  /** Gives back what `fill` has taken. */
  relieve(): void {
    rmSync(this.#filler)
  }

  /** As after an error of the device: read-only, whoever has files open. Only `unmount` ends it. */
  turnReadOnly(): void {
    const line = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .find((mounted) => mounted.split(' ')[1] === this.path)
    const device = basename(line?.split(' ')[0] ?? '')
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'a test')
  }

  discard(): void {
    spawnSync('umount', ['-l', this.path])
    rmSync(this.#root, { recursive: true, force: true })
  }

  get #filler(): string {
    return join(this.path, 'filler')
  }
}

function run(program: string, argv: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, argv)
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr.toString().trim()}`)
}
