// The AWS SDK's tests together use every operation that the server has.
import assert from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import type { OperationRow } from '../../protocol/s3/operation-row.ts'
import { operations } from '../../protocol/s3/operations-table.ts'
import { describe } from '../support/describe.ts'
import { sourceFile } from './client-server.ts'

describe('the tests with the AWS SDK', (test) => {
  test('use every operation of S3 in the table', () => {
    const folder = sourceFile('.')
    const source = readdirSync(folder)
      .filter((name) => /^aws-sdk-.*\.test\.ts$/.test(name))
      .map((name) => readFileSync(sourceFile(name), 'utf8'))
      .join('\n')
    const rows: readonly [string, OperationRow][] = Object.entries(operations)
    const unused = rows
      // Zips are an operation of our own: no SDK knows them.
      .filter(([, row]) => row.query?.includes('zip') !== true)
      .map(([name]) => name)
      // A form has no command: a browser sends it.
      .filter(
        (name) => !source.includes(name === 'PostObject' ? 'PostObject: ' : `new ${name}Command(`),
      )
    assert.deepStrictEqual(unused, [])
  })
})
