// docs/parameters.md says what the tables of operations and headers say.
import { type HeaderRow, operationHeaders } from '../../protocol/s3/operation-headers.ts'
import type { Need, OperationRow } from '../../protocol/s3/operation-row.ts'
import { operations } from '../../protocol/s3/operations-table.ts'
import { describe } from '../support/describe.ts'
import { assertNone, tableRows } from './repository.ts'

const page = 'docs/parameters.md'

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
}

function operationRow([name, operation]: readonly [string, OperationRow]): string {
  const { query = [], header, takes = [] } = operation
  const needs = header === undefined ? query : [...query, header]
  return row([list([name]), list(needs), list(takes), operation.needs.map(permission).join(', ')])
}

function permission({ action, ofVersion, of, whenSent, whenTagged }: Need): string {
  const [first = '', ...others] = whenSent?.headers ?? []
  const value = whenSent?.value === undefined ? '' : `: ${whenSent.value}`
  return [
    list(ofVersion === undefined ? [action] : [action, ofVersion]).replace(', ', ' or '),
    of === undefined ? '' : ` of ${of === 'keys' ? 'each key' : `the ${of}`}`,
    whenTagged ? ' if that has tags' : '',
    first === '' ? '' : ` with \`${first}${value}\`${others.length > 0 ? ' and others' : ''}`,
  ].join('')
}

function headerRow([name, header]: readonly [string, HeaderRow]): string {
  const shown = header.condition ? `${list([name])} (condition)` : list([name])
  if (header.takenBy === 'every') return row([shown, 'every operation', ''])
  const otherwise = [
    list([header.otherwise ?? 'InvalidArgument']),
    header.readsIgnoreIt ? ', reads ignore it' : '',
    header.harmless ? `, but for ${list(header.harmless)}` : '',
  ]
  return row([shown, list(header.takenBy), otherwise.join('')])
}

/** As `tableRows` reads them. */
function plain(line: string): string {
  return line.replaceAll('`', '')
}

describe('what each operation takes', (test) => {
  const said = new Set(tableRows(page).map((cells) => plain(row(cells))))

  test('is told, operation by operation', () => {
    const rows = Object.entries<OperationRow>(operations).map(operationRow)
    assertNone(
      rows.filter((line) => !said.has(plain(line))),
      `rows missing from ${page}, to be pasted there`,
    )
  })

  test('is told, header by header', () => {
    const rows = Object.entries<HeaderRow>(operationHeaders).map(headerRow)
    assertNone(
      rows.filter((line) => !said.has(plain(line))),
      `rows missing from ${page}, to be pasted there`,
    )
  })

  test('is told of nothing that is not in the tables', () => {
    const rows = [
      ...Object.entries<OperationRow>(operations).map(operationRow),
      ...Object.entries<HeaderRow>(operationHeaders).map(headerRow),
    ]
    const real = new Set(rows.map(plain))
    const named = /^\| ([A-Z][A-Za-z0-9]+|[a-z][a-z0-9-]+-[a-z0-9-]+( \(condition\))?) \|/
    assertNone(
      [...said].filter((line) => named.test(line) && !real.has(line)),
      `rows of ${page} that the tables do not have so`,
    )
  })
})
