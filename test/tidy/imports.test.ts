// The direction of imports, checked twice: by reading the sources, and by handing Biome files that
// break the rules, so that the rules in `biome.json` are known to bite.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe } from '../support/describe.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import {
  assertNone,
  importsOf,
  listSources,
  readText,
  repositoryRoot,
  topFolders,
} from './repository.ts'

type Folder = (typeof topFolders)[number]

const mayImport: Readonly<Record<Folder, readonly Folder[]>> = {
  protocol: [],
  metadata: ['protocol'],
  datanode: ['protocol'],
  gateway: ['protocol'],
  deploy: ['protocol', 'metadata', 'datanode', 'gateway'],
  test: ['protocol', 'metadata', 'datanode', 'gateway', 'deploy'],
}

/** What the gateway knows of the other parts: what lies directly in their folders, and this. */
const ports = new Set([
  'metadata/tasks/task-queue.ts',
  // Work on the ports alone: which metadata engine holds the outbox is nothing to them.
  'metadata/tasks/freeing-work.ts',
  'metadata/tasks/start-tasks.ts',
  // A value among the settings: which queue it chooses is nothing to them.
  'metadata/tasks/tasks-setting.ts',
])

function folderOf(path: string): Folder {
  const folder = topFolders.find((each) => path.startsWith(`${each}/`))
  assert(folder !== undefined, `${path} is in no folder of ours`)
  return folder
}

function isAllowed(from: string, to: string): boolean {
  const [here, there] = [folderOf(from), folderOf(to)]
  if (here === there || mayImport[here].includes(there)) return true
  return here === 'gateway' && (ports.has(to) || /^(metadata|datanode)\/[^/]+$/.test(to))
}

/** The rooms of the gateway, from the top floor down: each imports what is below it, and nothing above. */
const gatewayRooms = [
  'compose',
  'audit',
  'admin',
  'sts',
  'iam',
  'http',
  'query',
  'archive-jobs',
  'bundles',
  'native-api',
  's3',
  'background',
  'zip',
  'reply.ts',
  'data',
  'quota',
  'access',
  'acl',
  'config',
  'log.ts',
]

/** Undefined: not in the gateway. -1: in none of its rooms. */
function gatewayFloor(path: string): number | undefined {
  const [folder, room] = path.split('/')
  return folder === 'gateway' ? gatewayRooms.indexOf(room ?? '') : undefined
}

/** What runs without being imported. Nothing else may lie around. */
const programs = [
  'deploy/holdfast.ts',
  'deploy/s3-worker.ts',
  'gateway/data/digests/hash-worker.ts',
  'test/run-tests.ts',
  'test/bench/bench.ts',
  'test/cluster/run-cluster.ts',
  'test/support/emulated-snapshots.ts',
]

/** Paths of what no program reaches yet or ever, each with its reason. */
const reachedByTestsOnly: ReadonlyMap<string, string> = new Map([])

describe('imports', (test) => {
  test('go only where the architecture lets them', () => {
    const wrong = listSources().flatMap((from) =>
      importsOf(from)
        .filter((to) => !isAllowed(from, to))
        .map((to) => `${from} imports ${to}`),
    )
    assertNone(wrong, 'imports against the direction (docs/architecture.md)')
  })

  test('go down from room to room in the gateway', () => {
    const wrong = listSources().flatMap((from) => {
      const here = gatewayFloor(from)
      if (here === undefined) return []
      if (here === -1) return [`${from} is in no room of the gateway`]
      return importsOf(from)
        .filter((to) => (gatewayFloor(to) ?? here) < here)
        .map((to) => `${from} imports ${to}`)
    })
    assertNone(wrong, 'imports that go up in the gateway (docs/architecture.md)')
  })

  test('reach every file: what ships from the programs, tests from the tests', () => {
    const sources = listSources()
    const reachedFrom = (roots: readonly string[]) => {
      const reached = new Set(roots)
      for (const path of reached) {
        if (!sources.includes(path)) continue
        for (const target of importsOf(path)) reached.add(target)
      }
      return reached
    }
    const shipped = reachedFrom(programs.filter((path) => !path.startsWith('test/')))
    const tested = reachedFrom([...programs, ...sources.filter((path) => /\.test\.ts$/.test(path))])
    const isIdle = (path: string) => !(path.startsWith('test/') ? tested : shipped).has(path)
    const exceptions = [...reachedByTestsOnly.keys()]
    const idle = sources.filter(isIdle)
    assertNone(
      idle.filter((path) => !exceptions.some((each) => path.startsWith(each) && tested.has(path))),
      'files that nothing which runs imports',
    )
    assertNone(
      exceptions.filter((each) => {
        const named = sources.filter((path) => path.startsWith(each))
        return named.length > 0 && !named.some(isIdle)
      }),
      'exceptions in this test that are needed no more',
    )
  })

  test('the environment is read in gateway/config/config.ts alone', () => {
    const readers = listSources().filter(
      (path) => !path.startsWith('test/') && /process\s*\.\s*env\b/.test(withoutComments(path)),
    )
    assert.deepStrictEqual(readers, ['gateway/config/config.ts'])
  })
})

function withoutComments(path: string): string {
  return readText(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}

/** Path, source, and the rule that must refuse it; none: it must pass. */
const samples: readonly (readonly [path: string, source: string, rule?: string])[] = [
  ['protocol/a.ts', `import { a } from '../gateway/a.ts'\na()\n`, 'noRestrictedImports'],
  ['protocol/s3/b.ts', `import { a } from 'node:fs/promises'\na()\n`, 'noRestrictedImports'],
  ['metadata/c.ts', `import { a } from '../datanode/disk/a.ts'\na()\n`, 'noRestrictedImports'],
  ['datanode/d.ts', `export * from '../metadata/records.ts'\n`, 'noRestrictedImports'],
  [
    'gateway/data/e.ts',
    `import { a } from '../../metadata/lmdb/a.ts'\na()\n`,
    'noRestrictedImports',
  ],
  [
    'gateway/f.ts',
    `const a = await import('../datanode/disk/a.ts')\na.b()\n`,
    'noRestrictedImports',
  ],
  ['deploy/g.ts', `import { a } from '../test/support/a.ts'\na()\n`, 'noRestrictedImports'],
  ['gateway/h.ts', `console.log(process.env.HOME)\n`, 'noProcessEnv'],
  ['gateway/i.ts', `export const a: any = 1\n`, 'noExplicitAny'],
  ['gateway/j.ts', `async function a() {}\na()\n`, 'noFloatingPromises'],
  ['gateway/k1.ts', `import { b } from './k2.ts'\nexport const a = () => b\n`, 'noImportCycles'],
  ['gateway/k2.ts', `import { a } from './k1.ts'\nexport const b = () => a\n`, 'noImportCycles'],
  ['test/l.test.ts', `describe.only('a', () => {})\n`, 'noFocusedTests'],
  ['gateway/ok1.ts', `import type { A } from '../metadata/records.ts'\nexport const a: A = 1\n`],
  ['gateway/ok2.ts', `import type { A } from '../datanode/blob-store.ts'\nexport const a: A = 1\n`],
  ['deploy/ok3.ts', `import { a } from '../datanode/disk/a.ts'\na()\n`],
  ['gateway/config/config.ts', `console.log(process.env.HOME)\n`],
]

describe('the rules in biome.json', (test) => {
  test('refuse what they are for, and nothing more', () => {
    const directory = makeTemporaryDirectory()
    try {
      const rules = JSON.parse(readText('biome.json'))
      const config = { ...rules, $schema: undefined, vcs: undefined }
      writeFileSync(join(directory.path, 'biome.json'), JSON.stringify(config))
      for (const [path, source] of samples) {
        mkdirSync(join(directory.path, dirname(path)), { recursive: true })
        writeFileSync(join(directory.path, path), source)
      }
      const biome = join(repositoryRoot, 'node_modules/.bin/biome')
      const { stdout } = spawnSync(biome, ['lint', '.', '--reporter=github'], {
        cwd: directory.path,
        encoding: 'utf8',
      })
      const refused = [...stdout.matchAll(/^::error title=lint\/\w+\/(\w+),file=([^,]+)/gm)].map(
        ([, rule, file = '']) =>
          `${file.slice(file.indexOf('holdfast-test-')).replace(/^[^/]*\//, '')} ${rule}`,
      )
      const expected = samples.flatMap(([path, , rule]) => (rule ? [`${path} ${rule}`] : []))
      assert.deepStrictEqual([...new Set(refused)].sort(), expected.sort(), stdout)
    } finally {
      directory.remove()
    }
  })
})
