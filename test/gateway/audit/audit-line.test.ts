// Lines of the audit log as text: one line whatever is in a key, never longer than the limit, nothing left out.
import assert from 'node:assert/strict'
import { Decisions } from '../../../gateway/access/decisions.ts'
import { droppedLine, requestLine } from '../../../gateway/audit/audit-line.ts'
import { boundedText } from '../../../gateway/audit/bounded-text.ts'
import { shownObjectsMax } from '../../../gateway/audit/deletion-fields.ts'
import type { RequestDetails } from '../../../gateway/http/request-details.ts'
import { type RequestRecord, unreadRecord } from '../../../gateway/http/request-record.ts'
import { newNotes, type RequestNotes } from '../../../gateway/s3/request-notes.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

type Changes = {
  readonly record?: Partial<RequestRecord>
  readonly notes?: Partial<RequestNotes>
  readonly details?: Partial<RequestDetails>
}

const unread = unreadRecord({
  requestId: 'ID',
  error: new S3Error('BadRequest'),
  socket: { remoteAddress: '192.0.2.1' },
  bytesOut: 10,
})

function lineOf({ record = {}, notes = {}, details = {} }: Changes): string {
  const all: RequestRecord = {
    ...unread,
    ...record,
    notes: { ...newNotes(undefined), ...notes },
    details: () => ({ ...unread.details(), ...details }),
  }
  return requestLine(all, { endedMs: Date.UTC(2026, 10, 28, 12, 0, 1), hostId: 'HOST' })
}

/** Bytes of UTF-8, with its end. */
const lineBytesMax = 64 * 1024

type Fields = Readonly<Record<string, unknown>>

function parse(line: string): Fields {
  return JSON.parse(line) as Fields
}

const hostile = [
  'a\nb',
  'a\r\nb',
  '\u0000\u0007\u001b[31m',
  'quote " and \\ back',
  'next\u0085line',
  'separators \u2028 and \u2029',
  'delete \u007f, csi \u009b',
  'half \ud83d of a pair',
  'halves \ude00\ud83d',
  '","verdict":"allowed","x":"',
  '\u{1f600} kept',
]

describe('a line of the audit log', (test) => {
  test('is one line of printable text, whatever stands in a key', () => {
    for (const key of hostile) {
      const line = lineOf({
        notes: { deletions: [{ is: 'deleted', key, versionId: key }] },
        details: {
          key,
          bucketName: key,
          versionId: key,
          userAgent: key,
          source: { bucketName: key, key },
        },
      })
      assert.ok(line.endsWith('\n'))
      const text = line.slice(0, -1)
      assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/, JSON.stringify(key))
      assert.equal(Buffer.from(text).toString(), text, 'it is no UTF-8')
      const fields = parse(line)
      assert.deepEqual(fields.resource, { bucket: key, key, versionId: key })
      assert.deepEqual(fields.source, { bucket: key, key })
      assert.equal(fields.verdict, 'notAsked')
    }
  })

  test('has times in UTC with milliseconds, from the beginning of the request', () => {
    const fields = parse(lineOf({ record: { totalMs: 1500.25, headMs: 1000.1234 } }))
    assert.equal(fields.time, '2026-11-28T11:59:59.499Z')
    assert.deepEqual([fields.totalMs, fields.firstByteMs], [1500.25, 1000.123])
    assert.deepEqual([fields.schema, fields.type, fields.hostId], [1, 'request', 'HOST'])
  })

  test('names who asked, by account and ARN', () => {
    const identity = {
      is: 'user' as const,
      tenantId: 'root' as never,
      namespace: defaultNamespace,
      userName: 'root',
      accessKeyId: 'AKIA1',
    }
    const { identity: shown } = parse(lineOf({ notes: { identity } }))
    const { account, arn, ...rest } = shown as Fields
    assert.match(String(account), /^\d{12}$/)
    assert.equal(arn, `arn:aws:iam::${account}:root`)
    assert.deepEqual(rest, { type: 'user', tenant: 'root', user: 'root', accessKeyId: 'AKIA1' })
    const other = parse(lineOf({ notes: { identity: { ...identity, userName: 'ann' } } }))
    assert.equal((other.identity as Fields).arn, `arn:aws:iam::${account}:user/ann`)
    const unproven = lineOf({
      notes: { signature: { version: 4, by: 'header', accessKeyId: 'AKIA1' } },
    })
    assert.deepEqual(parse(unproven).identity, { type: 'unproven', accessKeyId: 'AKIA1' })
  })

  test('tells the first denial, though others were allowed', () => {
    const decisions = new Decisions()
    decisions.note('s3:ListBucket', { isAllowed: true, by: { is: 'root' } })
    decisions.note('s3:GetObject', { isAllowed: false, by: { is: 'nothing' } })
    decisions.note('s3:GetObject', { isAllowed: true, by: { is: 'root' } })
    const fields = parse(lineOf({ notes: { decisions } }))
    assert.deepEqual(fields.actions, ['s3:ListBucket', 's3:GetObject'])
    assert.equal(fields.verdict, 'denied')
    assert.equal(fields.deniedAction, 's3:GetObject')
    assert.deepEqual(fields.decidedBy, { type: 'nothing' })
  })

  test('shows so many deletions, and counts the rest by outcome', () => {
    const deletions = Array.from({ length: 1000 }, (_, at) =>
      at % 2 === 0
        ? ({ is: 'deleted', key: `k${at}` } as const)
        : ({ is: 'failed', key: `k${at}`, code: 'AccessDenied', message: 'no' } as const),
    )
    const fields = parse(lineOf({ notes: { deletions: [...deletions, undefined] } }))
    const objects = fields.objects as readonly Fields[]
    assert.equal(objects.length, shownObjectsMax)
    assert.deepEqual(objects[0], { key: 'k0', outcome: 'deleted' })
    assert.deepEqual(objects[1], { key: 'k1', outcome: 'failed', errorCode: 'AccessDenied' })
    assert.deepEqual(fields.moreObjects, { deleted: 450, failed: 450, unknown: 1 })
    const few = parse(lineOf({ notes: { deletions: deletions.slice(0, 2) } }))
    assert.equal('moreObjects' in few, false)
  })

  test('of which nothing was done counts all that it was asked for', () => {
    const fields = parse(lineOf({ notes: { deletions: new Array(7) } }))
    assert.deepEqual([fields.objects, fields.moreObjects], [[], { unknown: 7 }])
  })

  test('is never longer than the limit', () => {
    const long = '\u0001'.repeat(100_000)
    const deletions = Array.from({ length: 1000 }, () => ({
      ...({ is: 'deleted', key: long, versionId: long } as const),
    }))
    const line = lineOf({
      record: { operation: 'DeleteObjects' },
      notes: { deletions },
      details: {
        bucketName: long,
        key: long,
        versionId: long,
        prefix: long,
        userAgent: long,
        source: { bucketName: long, key: long, versionId: long },
      },
    })
    assert.ok(Buffer.byteLength(line) <= lineBytesMax, `${Buffer.byteLength(line)} bytes`)
    assert.ok(parse(line).moreObjects)
  })

  test('says how much of a long text is left out, and cuts no pair in two', () => {
    assert.equal(boundedText('abc', 3), 'abc')
    assert.equal(boundedText('abcd', 3), 'abc…[+1]')
    assert.equal(boundedText('ab\u{1f600}', 3), 'ab…[+2]')
  })

  test('counts dropped lines by themselves', () => {
    const line = droppedLine({ lines: 12, sinceMs: 0, nowMs: 1_000 })
    assert.deepEqual(parse(line), {
      schema: 1,
      type: 'dropped',
      time: '1970-01-01T00:00:01.000Z',
      lines: 12,
      since: '1970-01-01T00:00:00.000Z',
    })
  })
})
