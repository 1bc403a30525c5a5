// The AWS SDK's tests together use every operation that the server has.
import assert from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { operations } from '../../protocol/s3/operations-table.ts'
import { describe } from '../support/describe.ts'
import { sourceFile } from './client-server.ts'

describe('the tests with the AWS SDK', (test) => {
  test('use every operation of the table', () => {
    const folder = sourceFile('.')
    const source = readdirSync(folder)
      .filter((name) => /^aws-sdk-.*\.test\.ts$/.test(name))
      .map((name) => readFileSync(sourceFile(name), 'utf8'))
      .join('\n')
    const unused = Object.keys(operations).filter(
      // A form has no command: a browser sends it.
      (name) => !source.includes(name === 'PostObject' ? 'PostObject: ' : `new ${name}Command(`),
    )
    assert.deepStrictEqual(unused, [])
  })
})
