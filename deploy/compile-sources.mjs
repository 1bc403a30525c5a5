// @ts-check
// Runs the compiler, and remembers from which sources it has made what there is. That they are the same is
// told by their names, sizes and times: a second of compiling is spared on fast machines, half a minute on
// slow ones.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['protocol', 'metadata', 'datanode', 'gateway', 'deploy', 'test']
const program = join(root, 'dist', 'deploy', 'holdfast.js')
const stamp = join(root, 'dist', 'compiled-from.txt')
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

/**
 * Answers the exit code that fits. `ifPossible`: as `ifChanged`, and nothing is wrong without a compiler:
 * packages for running alone (`npm ci --omit=dev`) have none, and get `dist/` in another way.
 * @param {'always' | 'ifChanged' | 'ifPossible'} wanted
 * @returns {number}
 */
export function compileSources(wanted) {
  const sources = describeSources()
  if (wanted !== 'always' && existsSync(program) && isCompiledFrom(sources)) return 0
  if (!existsSync(compiler)) {
    if (wanted === 'ifPossible' || (wanted === 'ifChanged' && existsSync(program))) return 0
    console.error('The compiler is not installed: run npm ci first.')
    return 1
  }
  if (wanted !== 'always') {
    console.log('Compiling Holdfast. This takes some seconds, and is done once after each change.')
  }
  // Whoever is cut off in the middle has not compiled.
  rmSync(stamp, { force: true })
  const { status } = spawnSync(process.execPath, [compiler], { cwd: root, stdio: 'inherit' })
  if (status !== 0) return status ?? 1
  removeLeftovers()
  writeFileSync(stamp, sources)
  return 0
}

/** What sources have left that are gone: a package would ship it. */
function removeLeftovers() {
  const dist = join(root, 'dist')
  for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const [, name, kind] = /^(.*)\.(js|mjs)(?:\.map)?$/.exec(path) ?? []
    if (name === undefined) continue
    const source = join(root, `${name}.${kind === 'js' ? 'ts' : kind}`)
    if (!existsSync(source)) rmSync(join(dist, path))
  }
}

/** A line for each source, in the order of the folders. */
function describeSources() {
  const files = ['package-lock.json', 'tsconfig.json']
  for (const folder of folders) {
    const found = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    files.push(
      ...found.filter((path) => /\.m?ts$|\.mjs$/.test(path)).map((path) => `${folder}/${path}`),
    )
  }
  return files.map(describeSource).join('')
}

/** @param {string} path */
function describeSource(path) {
  const { size, mtimeMs } = statSync(join(root, path))
  return `${path} ${size} ${mtimeMs}\n`
}

/** @param {string} sources */
function isCompiledFrom(sources) {
  try {
    return readFileSync(stamp, 'utf8') === sources
  } catch {
    return false
  }
}
