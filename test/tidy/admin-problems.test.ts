// docs/admin-api.md lists the problems of the admin API as they are.
import { problems } from '../../gateway/admin/api/problem.ts'
import { describe } from '../support/describe.ts'
import { assertNone, readText } from './repository.ts'

describe('docs/admin-api.md', (test) => {
  test('lists exactly the problems that there are, with their status', () => {
    const page = readText('docs/admin-api.md')
    const rows = Object.entries(problems).map(
      ([code, [status, title]]) => `| \`${code}\` | ${status} | ${title} |`,
    )
    assertNone(
      rows.filter((row) => !page.includes(row)),
      'rows missing from docs/admin-api.md, to be pasted there',
    )
    const listed = page.split('\n').filter((line) => /^\| `[A-Z]\w+` \| \d{3} \|/.test(line))
    assertNone(
      listed.filter((line) => !rows.includes(line)),
      'rows in docs/admin-api.md of problems that there are not',
    )
  })
})
