// What Python's zipfile finds in an archive, every CRC-32 checked.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'

const script = `
import io, json, sys, zipfile
archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
bad = archive.testzip()
assert bad is None, bad
print(json.dumps([[entry.filename, archive.read(entry).decode('latin1')] for entry in archive.infolist()]))
`

export type ZipContent = readonly (readonly [name: string, latin1: string])[]

/** Names and contents, in the order of the archive. */
export function readZip(archive: Buffer): ZipContent {
  const ran = spawnSync('python3', ['-c', script], { input: archive, maxBuffer: 2 ** 30 })
  assert.equal(ran.status, 0, ran.stderr.toString())
  return parseContent(ran.stdout.toString())
}

function parseContent(text: string): ZipContent {
  return JSON.parse(text) as ZipContent
}

export function namesIn(archive: Buffer): readonly string[] {
  return readZip(archive).map(([name]) => name)
}
