// Where the audit log goes, as settings say it.
import assert from 'node:assert/strict'
import type { AuditSetting } from '../../../gateway/config/audit-setting.ts'
import { parseConfig } from '../../../gateway/config/config.ts'
import { describe } from '../../support/describe.ts'

function parse(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return parseConfig({ argv, env, readFile: () => '' })
}

function auditOf(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): AuditSetting {
  const parsed = parse(argv, env)
  assert.ok(parsed.is === 'config', JSON.stringify(parsed))
  return parsed.config.audit
}

function mistakesOf(argv: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const parsed = parse(argv, env)
  assert.ok(parsed.is === 'mistakes')
  return parsed.mistakes.join('\n')
}

const memoryBytes = 16 * 1024 * 1024

describe('configuration: the audit log', (test) => {
  test('is off without a word', () => {
    assert.deepEqual(auditOf([]), { to: 'none' })
    assert.deepEqual(auditOf(['--audit-log', 'none']), { to: 'none' })
  })

  test('goes to standard output, a file or a webhook', () => {
    assert.deepEqual(auditOf(['--audit-log', 'stdout']), { to: 'stdout', memoryBytes })
    assert.deepEqual(auditOf(['--audit-log', 'file:logs/audit.log', '--audit-keep', '7']), {
      ...{ to: 'file', path: 'logs/audit.log', memoryBytes },
      ...{ maxBytes: 100 * 1024 * 1024, maxAgeMs: 86_400_000, keep: 7 },
    })
    const env = {
      HOLDFAST_AUDIT_LOG: 'https://a.example/in?x=1',
      HOLDFAST_AUDIT_WEBHOOK_TOKEN: 't',
    }
    assert.deepEqual(auditOf([], env), {
      ...{ to: 'webhook', url: 'https://a.example/in?x=1', token: 't', memoryBytes },
    })
  })

  test('says what cannot be, and repeats no URL and no token', () => {
    const never = /secret/
    for (const raw of [
      'file:',
      'syslog',
      'ftp://secret.example',
      'https://u:secret@a.example',
      'secret',
    ]) {
      const mistakes = mistakesOf(['--audit-log', raw])
      assert.match(mistakes, /^--audit-log: /)
      assert.doesNotMatch(mistakes, never)
    }
    const token = { HOLDFAST_AUDIT_WEBHOOK_TOKEN: 'a secret' }
    assert.doesNotMatch(mistakesOf(['--audit-log', 'https://a.example'], token), never)
    assert.match(
      mistakesOf(['--audit-log', 'stdout'], { HOLDFAST_AUDIT_WEBHOOK_TOKEN: 'secret' }),
      /^HOLDFAST_AUDIT_WEBHOOK_TOKEN: is for a webhook/,
    )
    assert.match(mistakesOf(['--audit-webhook-token', 'x']), /secrets are not taken/)
    assert.match(mistakesOf(['--audit-max-bytes', '1KiB']), /not between 64KiB and/)
    assert.match(mistakesOf(['--audit-keep', '0']), /not a whole number from 1/)
  })
})
