// Stores and backups on read-only media, behind links and on volumes of their own, damaged in every way, or with
// files where directories have to be: what commands do with them, and that a check changes nothing at all.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { bindMount } from '../support/bind-mount.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { holdfast, ServedStore } from './served-store.ts'

/** Every name below a directory, with what it is, holds, and when it was changed. */
function treeOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const full = join(path, name)
      const found = lstatSync(full)
      const held = found.isFile()
        ? createHash('sha256').update(readFileSync(full)).digest('hex')
        : found.isSymbolicLink()
          ? readlinkSync(full)
          : 'directory'
      return `${name} ${found.mode} ${found.mtimeMs} ${held}`
    })
}

describe('odd directories', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  const at = (...names: readonly string[]) => join(directory.path, ...names)
  let sound: ServedStore
  let number = 0

  /** A copy of the stopped store, to be hurt. */
  function copied(of: string = sound.data): string {
    number += 1
    const data = at(`copy-${number}`, 'data')
    cpSync(of, data, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    return data
  }

  async function readsAll(data: string): Promise<void> {
    const store = new ServedStore(data, random)
    for (const [key, body] of sound.expected) store.expected.set(key, body)
    await store.start()
    try {
      assert.deepEqual(await store.unreadable(), [])
    } finally {
      await store.stop()
    }
  }

  function succeeds(...argv: readonly string[]): string {
    const { status, stdout, stderr } = holdfast(...argv)
    assert.equal(status, 0, stdout + stderr)
    return stdout
  }

  const segmentsIn = (data: string) => join(data, 'chunks', 'segments')
  const firstSegment = (data: string) =>
    join(
      segmentsIn(data),
      readdirSync(segmentsIn(data)).find((name) => name.endsWith('.seg')) ?? '',
    )

  function flip(path: string, offset: number): void {
    const bytes = readFileSync(path)
    bytes[offset] = (bytes[offset] ?? 0) ^ 255
    writeFileSync(path, bytes)
  }

  test.before(async () => {
    sound = new ServedStore(at('sound', 'data'), random)
    await sound.start()
    await sound.makeBucket()
    await sound.fill('a', 6)
    cpSync(sound.data, at('running', 'data'), { recursive: true })
    await sound.stop()
    succeeds('backup', '--data', sound.data, '--to', at('backup'))
    cpSync(sound.path('master.key'), at('key'))
  })
  test.after(() => directory.remove())

  const key = () => ['--master-key-file', at('key')]

  const damages: readonly (readonly [string, (data: string) => void])[] = [
    ['nothing', () => {}],
    ...[
      ...['metadata', 'chunks', 'chunks/segments', 'chunks/index', 'chunks/index-trust'],
      ...['chunks/segments/store-note', 'chunks/segments/reserve', 'lock', 'metadata/lock.mdb'],
      ...['master.key', 'holdfast-store'],
    ].map(
      (name) =>
        [
          `${name} missing`,
          (data: string) => rmSync(join(data, name), { recursive: true }),
        ] as const,
    ),
    [
      'no segments',
      (data) => readdirSync(segmentsIn(data)).map((name) => rmSync(join(segmentsIn(data), name))),
    ],
    ['a segment missing', (data) => rmSync(firstSegment(data))],
    ['a segment cut', (data) => truncateSync(firstSegment(data), 9_000)],
    ['a segment of a header alone', (data) => truncateSync(firstSegment(data), 64)],
    ['a segment with a bad header', (data) => flip(firstSegment(data), 3)],
    ['a segment with a bad chunk', (data) => flip(firstSegment(data), 5_000)],
    [
      'an index of rubbish',
      (data) => writeFileSync(join(data, 'chunks/index/data.mdb'), 'rubbish'),
    ],
    ['a bad byte in the index', (data) => flip(join(data, 'chunks/index/data.mdb'), 20_000)],
    ['metadata cut', (data) => truncateSync(join(data, 'metadata/data.mdb'), 50_000)],
    ['metadata of rubbish', (data) => writeFileSync(join(data, 'metadata/data.mdb'), 'rubbish')],
    ['empty metadata', (data) => truncateSync(join(data, 'metadata/data.mdb'), 0)],
    ['another key', (data) => writeFileSync(join(data, 'master.key'), Buffer.alloc(32, 7))],
    ['a restore cut off', (data) => writeFileSync(join(data, 'restore-under-way'), '')],
    ['a foreign file', (data) => writeFileSync(join(data, 'thesis.txt'), '')],
    ['a file for chunks', (data) => asFile(join(data, 'chunks'))],
    ['a directory for metadata', (data) => asDirectory(join(data, 'metadata/data.mdb'))],
    ['a link that leads nowhere', (data) => asDeadLink(join(data, 'chunks'))],
    ['all missing', (data) => rmSync(data, { recursive: true })],
  ]

  for (const [what, damage] of damages) {
    test(`a check changes nothing, with ${what}`, () => {
      const isOfAll = /segment|nothing|index/.test(what)
      const others = isOfAll ? [at('running', 'data'), at('backup')] : []
      for (const from of [sound.data, ...others]) {
        const data = copied(from)
        try {
          damage(data)
        } catch (cause) {
          // A backup has no such file.
          if (from === at('backup') && cause instanceof Error && 'syscall' in cause) continue
          throw cause
        }
        const before = treeOf(join(data, '..'))
        const { status, stdout, stderr } = holdfast('check', '--data', data, ...key())
        assert.deepEqual(treeOf(join(data, '..')), before, stdout + stderr)
        assert.ok(status === 0 || status === 1, stdout + stderr)
        assert.doesNotMatch(stderr, /\n\s+at |\bE[A-Z]{3,}:/, 'a sentence')
        rmSync(data, { recursive: true, force: true })
      }
    })
  }

  test('a store and a backup on a read-only medium are checked, and it is said that nothing locks them', () => {
    for (const from of [sound.data, at('backup')]) {
      const data = copied(from)
      rmSync(join(data, 'lock'), { force: true })
      const mount = bindMount(data, { at: at('medium'), as: 'readOnly' })
      if (mount === undefined) return
      try {
        const told = succeeds('check', '--data', at('medium'), ...key())
        assert.match(told, /has no lock: nothing keeps others from changing it/)
        assert.match(told, /All is well\.\n$/)
        // With a file to be locked, it is.
        cpSync(sound.path('lock'), join(data, 'lock'))
        assert.doesNotMatch(succeeds('check', '--data', at('medium'), ...key()), /lock/)
      } finally {
        mount.unmount()
      }
    }
  })

  test('a backup on a read-only medium restores all, metadata alone, and single chunks', async () => {
    const mount = bindMount(at('backup'), { at: at('medium'), as: 'readOnly' })
    if (mount === undefined) return
    try {
      const restore = ['restore', '--from', at('medium'), '--data']
      const whole = at('whole', 'data')
      assert.match(succeeds(...restore, whole), /cannot be locked/)
      cpSync(at('key'), join(whole, 'master.key'))
      await readsAll(whole)

      const damaged = copied()
      // Others stay, so that chunks are brought back one by one.
      flip(firstSegment(damaged), 5_000)
      assert.match(succeeds(...restore, damaged, '--keep-metadata'), /1 chunks were brought back/)
      await readsAll(damaged)

      const headless = copied()
      rmSync(join(headless, 'metadata'), { recursive: true })
      succeeds(...restore, headless)
      await readsAll(headless)
    } finally {
      mount.unmount()
    }
  })

  test('a restore leaves links where they are, and writes to where they lead', async () => {
    const data = copied()
    for (const name of ['metadata', 'chunks']) {
      renameSync(join(data, name), `${data}-${name}`)
      symlinkSync(`${data}-${name}`, join(data, name))
    }
    flip(firstSegment(data), 5_000)
    succeeds('restore', '--from', at('backup'), '--data', data)
    for (const name of ['metadata', 'chunks']) {
      assert.ok(lstatSync(join(data, name)).isSymbolicLink(), name)
    }
    assert.match(readdirSync(`${data}-metadata`).join(' '), /data\.mdb .*data\.mdb\.replaced-/)
    await readsAll(data)
    assert.match(succeeds('check', '--data', data), /All is well/)
  })

  test('a restore writes into volumes that are mounted there, empty or not', async () => {
    for (const isEmpty of [true, false]) {
      const data = isEmpty ? at('mounted', 'data') : copied()
      const mounts = ['metadata', 'chunks'].map((name) => {
        const volume = `${data}-${name}`
        mkdirSync(volume, { recursive: true })
        if (!isEmpty) cpSync(join(data, name), volume, { recursive: true })
        return bindMount(volume, { at: join(data, name), as: 'writable' })
      })
      try {
        if (mounts.includes(undefined)) return
        succeeds('restore', '--from', at('backup'), '--data', data)
        cpSync(at('key'), join(data, 'master.key'))
        await readsAll(data)
        assert.ok(readdirSync(`${data}-metadata`).includes('data.mdb'))
      } finally {
        for (const mount of mounts) mount?.unmount()
      }
    }
  })

  test('a link into the backup is not restored into', () => {
    const data = copied()
    rmSync(join(data, 'chunks'), { recursive: true })
    symlinkSync(at('backup', 'chunks'), join(data, 'chunks'))
    const before = treeOf(at('backup'))
    const { status, stderr } = holdfast('restore', '--from', at('backup'), '--data', data)
    assert.equal(status, 1)
    assert.match(stderr, /lie in one another/)
    assert.deepEqual(treeOf(at('backup')), before)
  })

  function asFile(path: string): void {
    rmSync(path, { recursive: true, force: true })
    writeFileSync(path, 'a file')
  }
  function asDirectory(path: string): void {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path)
  }
  function asDeadLink(path: string): void {
    rmSync(path, { recursive: true, force: true })
    symlinkSync(at('not-mounted'), path)
  }

  const wrongKinds: readonly (readonly [string, (path: string) => void])[] = [
    ...['metadata', 'chunks', 'chunks/segments', 'chunks/index'].flatMap(
      (name) =>
        [
          [name, asFile],
          [name, asDeadLink],
        ] as const,
    ),
    ...[
      ...['lock', 'holdfast-store', 'metadata/data.mdb', 'metadata/lock.mdb', 'master.key'],
      ...['chunks/index-trust', 'chunks/segments/store-note', 'chunks/segments/reserve'],
      ...['restore-under-way', 'chunks/index/data.mdb'],
    ].map((name) => [name, asDirectory] as const),
  ]

  for (const [name, change] of wrongKinds) {
    test(`every command says in a sentence that ${name} is of the wrong kind (${change.name})`, () => {
      const data = copied()
      change(join(data, name))
      const before = treeOf(data)
      const commands = [
        ['server', '--data', data, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'],
        ['check', '--data', data],
        ['backup', '--data', data, '--to', at(`to-${number}`)],
        ['recover', '--data', data, '--yes'],
        ['restore', '--from', at('backup'), '--data', data],
      ]
      // The key is no matter of a backup, a recovery or a restore; and to a check it is one problem more.
      const concerned = name === 'master.key' ? commands.slice(0, 1) : commands
      for (const argv of concerned) {
        const { status, stdout, stderr } = holdfast(...argv)
        const what = `${argv[0]}: ${stdout}${stderr}`
        assert.equal(status, 1, what)
        assert.match(stderr, /^holdfast: [^\n]+\n$/, what)
        assert.doesNotMatch(stderr, /\bE[A-Z]{3,}\b/, what)
        assert.ok(stderr.includes(join(data, name)), what)
      }
      // Locks of a server that got as far as its key.
      const lasting = (tree: readonly string[]) =>
        tree.filter((line) => !/\block(\.mdb)? /.test(line))
      assert.deepEqual(lasting(treeOf(data)), lasting(before))
    })
  }

  test('every command refuses a flag that is given twice, by its name', () => {
    const twice = [
      ['backup', '--to', 'a', '--to', 'b'],
      ['backup', '--data=a', '--to', 'b', '--data', 'c'],
      ['restore', '--from', 'a', '--from', 'b'],
      ['restore', '--from', 'a', '--keep-metadata', '--keep-metadata'],
      ['restore', '--from', 'a', '--keep', '1d', '--keep=2d'],
      ['restore', '--from', 'a', '--master-key-file', 'k', '--master-key-file', 'l'],
      ['recover', '--data', 'a', '--data', 'b'],
      ['recover', '--yes', '--yes'],
      ['check', '--data', 'a', '--data', 'b'],
      ['server', '--data', 'a', '--data', 'b'],
      ['zip', 'http://127.0.0.1:1', 'bkt', '-o', 'a', '--output', 'b'],
      ['zip', 'http://127.0.0.1:1', 'bkt', '--windows', '--windows', '-o', 'a'],
    ]
    for (const argv of twice) {
      const { status, stderr } = holdfast(...argv)
      assert.equal(status, 2, `${argv.join(' ')}: ${stderr}`)
      assert.match(
        stderr,
        /--(to|data|from|keep-metadata|keep|master-key-file|yes|output|windows):? .*given more than once/,
      )
    }
  })
})
