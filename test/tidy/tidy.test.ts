// House rules that can be read off the files themselves (CONTRIBUTING.md). Documents are checked in
// `documents.test.ts`, imports in `imports.test.ts`.
import { basename } from 'node:path'
import { describe } from '../support/describe.ts'
import { assertNone, listFiles, listSources, readText } from './repository.ts'

const linesMax = 400
/** Longer files, each with its reason. */
const longFiles: ReadonlyMap<string, string> = new Map([])

const emptyNames = /^(utils?|helpers?|common|misc|managers?|index|lib|stuff)\.[a-z.]+$/
/** Folders of people's or build machines, in whatever file. */
const machinePaths = /(?<![\w.-])\/(home|Users|root|work)\/[\w.-]+/

describe('files', (test) => {
  test('have names a stranger would search for', () => {
    const bad = listFiles().filter((path) => emptyNames.test(basename(path)))
    assertNone(bad, 'names that say nothing')
  })

  test('of source are named in kebab-case', () => {
    const bad = listSources().filter(
      (path) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(path),
    )
    assertNone(bad, 'names that are not kebab-case')
  })

  test(`have at most ${linesMax} lines`, () => {
    const long = listSources()
      .map((path) => ({ path, lines: readText(path).split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > linesMax && !longFiles.has(path))
      .map(({ path, lines }) => `${path}: ${lines}`)
    assertNone(long, 'files that hold two ideas')
  })

  test('that ship begin by saying what lives in them', () => {
    const shipped = listSources().filter((path) => !path.startsWith('test/'))
    const silent = shipped.filter((path) => !/^(#!.*\n)?(\/\/ |\/\*\*)/.test(readText(path)))
    assertNone(silent, 'files without a first comment')
  })

  test('name the issue of everything left to do', () => {
    const vague = listSources()
      .filter((path) => !path.startsWith('test/tidy/'))
      .flatMap((path) =>
        readText(path)
          .split('\n')
          .filter((line) => /\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/.test(line))
          .map((line) => `${path}: ${line.trim()}`),
      )
    assertNone(vague, 'notes without an issue, as in TODO(#12)')
  })

  test('hold no path of somebody’s machine', () => {
    const bound = listFiles()
      .filter((path) => !/\.(png|jpg|ico|zip|gz|lock)$/.test(path) && path !== 'package-lock.json')
      .filter((path) => !path.startsWith('test/tidy/') && machinePaths.test(readText(path)))
    assertNone(bound, 'files with absolute paths')
  })
})
