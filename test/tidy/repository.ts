// The repository as text: which files there are, what they say, what they import. For the checks of
// this folder.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Compiled, this file is in `dist/test/tidy/`. */
export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url))

/** Paths of everything git tracks, or would, as they stand in the working tree. */
export function listFiles(): readonly string[] {
  const { stdout, status } = spawnSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    { cwd: repositoryRoot, encoding: 'utf8' },
  )
  assert.strictEqual(status, 0, 'these checks need git and its checkout')
  const paths = new Set(stdout.split('\0').filter((path) => path !== ''))
  return [...paths].filter((path) => existsSync(join(repositoryRoot, path))).sort()
}

export function readText(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8')
}

export const topFolders = ['protocol', 'metadata', 'datanode', 'gateway', 'deploy', 'test'] as const

export function listSources(): readonly string[] {
  return listFiles().filter(
    (path) => path.endsWith('.ts') && topFolders.some((folder) => path.startsWith(`${folder}/`)),
  )
}

/** Paths, from the repository's root, of our own files that a source imports in whatever way. */
export function importsOf(path: string): readonly string[] {
  const text = readText(path)
  const found = text.matchAll(
    /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'|new URL\(\s*['`](\.[^'`]+)['`]/g,
  )
  return [...found]
    .map((match) => match[1] ?? match[2] ?? '')
    .map((target) => target.replace(/\.js$/, '.ts'))
    .filter((target) => target.endsWith('.ts') && !target.includes('${'))
    .map((target) => normalize(join(dirname(path), target)))
}

/** The cells of the tables of a document, as plain text without backticks, a row each. */
export function tableRows(document: string): readonly (readonly string[])[] {
  return readText(document)
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+$/.test(line))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('`', '').replaceAll('\\|', '|')),
    )
}

/** Fails with a list of what is wrong, when there is anything. */
export function assertNone(problems: readonly string[], what: string): void {
  assert.ok(problems.length === 0, `${what}:\n  ${problems.join('\n  ')}`)
}
