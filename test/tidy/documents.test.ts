// Documents that say what the code says: operations, errors, settings. What they do not mention does
// not exist, and what they mention does.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { settingNames, settingOf, variableOf } from '../../gateway/config/settings.ts'
import { operations } from '../../protocol/s3/operations-table.ts'
import { s3Errors } from '../../protocol/s3/s3-error.ts'
import { describe } from '../support/describe.ts'
import {
  assertNone,
  listFiles,
  listSources,
  readText,
  repositoryRoot,
  tableRows,
} from './repository.ts'

const operationNames = Object.keys(operations)

/** `ListObjectsV2` → `list-objects-v2`. */
function kebab(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()
}

describe('documents: operations', (test) => {
  test('every operation has its file', () => {
    const missing = operationNames
      .map((name) => `gateway/s3/operations/${kebab(name)}.ts`)
      .filter((path) => !existsSync(join(repositoryRoot, path)))
    assertNone(missing, 'rows of operations-table.ts without a file')
  })

  test('every file of an operation has its row in the table', () => {
    const known = new Set(operationNames.map((name) => `gateway/s3/operations/${kebab(name)}.ts`))
    const unknown = listSources().filter(
      (path) => path.startsWith('gateway/s3/operations/') && !known.has(path),
    )
    assertNone(unknown, 'files in gateway/s3/operations/ that are no operation of the table')
  })

  test('every operation is named by a test', () => {
    const tests = listSources()
      .filter((path) => path.endsWith('.test.ts') && !path.startsWith('test/tidy/'))
      .map((path) => `${path}\n${readText(path)}`)
      .join('\n')
    const untested = operationNames.filter(
      (name) => !new RegExp(`\\b${name}(Command)?\\b`).test(tests),
    )
    assertNone(untested, 'operations that no test names')
  })

  test('docs/s3-coverage.md has a row for every operation, and says "yes" of no other', () => {
    const rows = tableRows('docs/s3-coverage.md').filter(([name]) => /^[A-Z]\w+$/.test(name ?? ''))
    const status = new Map(rows.map(([name = '', said = '']) => [name, said]))
    assertNone(
      operationNames.filter((name) => !['yes', 'partly'].includes(status.get(name) ?? '')),
      'operations without a row that says "yes" or "partly"',
    )
    assertNone(
      [...status].filter(([name, said]) => said !== 'no' && !operationNames.includes(name)).flat(),
      'rows that claim an operation the server does not have',
    )
  })
})

function settingRow(row: { flag: string; variable: string; fallback: string; means: string }) {
  const code = (text: string) => (text === '' ? '' : `\`${text}\``)
  return `| ${code(row.flag)} | \`${row.variable}\` | ${code(row.fallback)} | ${row.means} |`
}

function errorRow(code: string, status: string | number, message: string): string {
  return `| \`${code}\` | ${status} | ${message} |`
}

describe('documents: errors and settings', (test) => {
  test('docs/errors.md lists exactly the S3 errors of the registry, with their status', () => {
    const said = tableRows('docs/errors.md')
      .filter(([, status]) => /^\d{3}$/.test(status ?? ''))
      .map(([code = '', status = '', message = '']) => errorRow(code, status, message))
    const real = Object.entries(s3Errors).map(([code, row]) => errorRow(code, row[0], row[1]))
    assertNone(
      real.filter((row) => !said.includes(row)),
      'rows missing from docs/errors.md, to be pasted there',
    )
    assertNone(
      said.filter((row) => !real.includes(row)),
      'rows of docs/errors.md that s3-error.ts does not have so',
    )
  })

  test('docs/configuration.md lists exactly the settings, with variable and default', () => {
    const said = tableRows('docs/configuration.md')
      .filter(([, variable]) => /^HOLDFAST_/.test(variable ?? ''))
      .map(([flag = '', variable = '', fallback = '', means = '']) =>
        settingRow({ flag, variable, fallback, means }),
      )
    const real = settingNames.map((name) => {
      const { secret, value, fallback = '', means } = settingOf(name)
      const flag = secret ? '' : `--${name} ${value}`
      return settingRow({ flag, variable: variableOf(name), fallback, means })
    })
    assertNone(
      real.filter((row) => !said.includes(row)),
      'rows missing from docs/configuration.md, to be pasted there',
    )
    assertNone(
      said.filter((row) => !real.includes(row)),
      'rows of docs/configuration.md that settings.ts does not have so',
    )
  })

  test('every page of docs/ has exactly one title, and links only to files that exist', () => {
    const problems: string[] = []
    const pages = listFiles().filter((path) => /^(docs\/.*|[A-Z]+)\.md$/.test(path))
    for (const page of pages) {
      const prose = readText(page).replace(/^```[\s\S]*?^```/gm, '')
      const titles = prose.match(/^# /gm) ?? []
      if (titles.length !== 1) problems.push(`${page}: ${titles.length} titles`)
      for (const [, target = ''] of prose.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
        if (!existsSync(join(repositoryRoot, page, '..', target))) {
          problems.push(`${page}: links to ${target}, which is not there`)
        }
      }
    }
    assertNone(problems, 'pages to mend')
  })

  test('pages and comments name only files that exist', () => {
    const files = listFiles()
    const sources = new Set(listSources())
    const isThere = (name: string) => files.some((path) => `/${path}`.endsWith(`/${name}`))
    const problems = files
      .filter((path) => /^(docs\/.*|[A-Z]+)\.md$/.test(path) || sources.has(path))
      .flatMap((path) =>
        [...readText(path).matchAll(/`([a-z][\w./-]*\.(?:ts|mjs|md))`/g)]
          .map(([, name = '']) => name)
          .filter((name) => !isThere(name))
          .map((name) => `${path}: ${name}`),
      )
    assertNone(problems, 'names of files that are not there')
  })
})
