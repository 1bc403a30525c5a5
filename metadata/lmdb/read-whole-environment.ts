// A program of its own: reads every row of an environment, whose directory is its argument, and ends with 0.
// LMDB ends it in another way when pages are missing that something refers to.
import { open } from 'lmdb'
import { tableNames } from './tables.ts'

const [path] = process.argv.slice(2)
if (path === undefined) process.exit(2)

const binary = { keyEncoding: 'binary', encoding: 'binary' } as const
const root = open({
  path,
  noSubdir: false,
  readOnly: true,
  maxDbs: tableNames.length + 8,
  ...binary,
} as const)
let bytes = 0
for (const name of tableNames) {
  const table = root.openDB<Buffer, Buffer>(name, binary)
  if (table === undefined) continue
  for (const { key, value } of table.getRange({})) bytes += key.length + value.length
}
await root.close()
process.exit(bytes >= 0 ? 0 : 1)
