// A directory of its own in which an environment that lies elsewhere is looked at: LMDB writes its file of
// locks beside the data, also for those who only read, and it may lie on a read-only medium.
import { chmod, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type LookingDirectory = { readonly path: string; remove(): Promise<void> }

/** `file`: that of the environment, which nobody may write to meanwhile. */
export async function lookingDirectory(file: string): Promise<LookingDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-look-'))
  const remove = () => rm(path, { recursive: true, force: true })
  try {
    await chmod(path, 0o700)
    await symlink(await realpath(file), join(path, 'data.mdb'))
    return { path, remove }
  } catch (cause) {
    await remove()
    throw cause
  }
}
