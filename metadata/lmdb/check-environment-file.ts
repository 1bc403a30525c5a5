// A look at the file of an environment before LMDB maps it into this process, which it would end if the
// file was cut short. Where the file's length alone does not tell, another process reads all of it first.
// Whether its pages hang together: `verify-pages.ts`.
import { spawnSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { judgeLmdbFile, lmdbHeadBytes } from '../../protocol/store/lmdb-file.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { lookingDirectory } from './looking-directory.ts'
import { verifyPages } from './verify-pages.ts'

const reader = new URL('./read-whole-environment.js', import.meta.url)
const remedy = 'Put a copy of the metadata back that is whole: see docs/recovery.md.'

/**
 * Answers `absent` when there is no such file or nothing in it. Throws `StoreRefused` when it cannot be
 * an intact environment.
 */
export async function checkEnvironmentFile(path: string): Promise<'absent' | 'present'> {
  const found = await judge(path)
  switch (found.is) {
    case 'empty':
      return 'absent'
    case 'whole':
      return 'present'
    case 'unusable':
      throw new StoreRefused(`The metadata file ${path} ${found.why}. ${remedy}`)
    case 'shortened':
      // Pages that are missing at the end are of no account if everything can be read without them.
      if ((await readElsewhere(path)).status === 0) return 'present'
      throw new StoreRefused(
        `The metadata file ${path} was cut short: what its last pages held cannot be read. ${remedy}`,
      )
    default:
      return found satisfies never
  }
}

async function judge(path: string) {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'r')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      return { is: 'empty' } as const
    }
    throw cause
  }
  try {
    const { size } = await file.stat()
    const head = Buffer.alloc(Math.min(size, lmdbHeadBytes))
    await file.read(head, 0, head.length, 0)
    return judgeLmdbFile(head, size)
  } finally {
    await file.close()
  }
}

/**
 * Throws `StoreRefused` unless every page that is in use hangs together with the others: LMDB trusts its
 * pages, and on a damaged one it may end the process. A second for each GB or so; nothing may write
 * meanwhile. A file that is absent is sound.
 */
export async function requireSoundPages(path: string): Promise<void> {
  if ((await checkEnvironmentFile(path)) === 'absent') return
  const wrong = verifyPages(path)
  if (wrong === undefined) return
  throw new StoreRefused(`The metadata file ${path} is damaged: ${wrong}. ${remedy}`)
}

async function readElsewhere(path: string) {
  const looking = await lookingDirectory(path)
  try {
    const argv = [fileURLToPath(reader), looking.path]
    return spawnSync(process.execPath, argv, { stdio: 'ignore' })
  } finally {
    await looking.remove()
  }
}
