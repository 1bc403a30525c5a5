// The audit log on a standard output that was redirected to a file, whose disk is full for a while.
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AuditRedirected } from '../../../deploy/audit/audit-stdout.ts'
import { describe } from '../../support/describe.ts'
import { SmallDisk } from '../../support/small-disk.ts'
import { numbered } from './audit-fixture.ts'

describe('the audit log in a file that somebody else has opened', (test) => {
  test('on a full disk has every line once and whole in the end', async () => {
    const disk = SmallDisk.make(8 * 1024 * 1024)
    if (disk === undefined) return
    const path = join(disk.path, 'out')
    const fd = openSync(path, 'a')
    try {
      const sink = new AuditRedirected(fd)
      await sink.write({ text: numbered(0), count: 1 })
      disk.fill()
      let refused = 0
      for (let number = 1; refused === 0; number += 1) {
        await sink.write({ text: numbered(number, 700), count: 1 }).catch((cause: unknown) => {
          assert.match(String(cause), /ENOSPC/)
          refused = number
        })
      }
      disk.relieve()
      await sink.write({ text: numbered(refused, 700), count: 1 })
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
      assert.deepEqual(
        lines.map((line) => (JSON.parse(line) as { number: number }).number),
        Array.from({ length: refused + 1 }, (_, number) => number),
      )
    } finally {
      closeSync(fd)
      disk.discard()
    }
  })
})
