// Documents of one statement, and why they are refused.
import assert from 'node:assert'
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import type { PolicyKind } from '../../../protocol/policy/policy-document.ts'
import { PolicyRefused } from '../../../protocol/policy/policy-refused.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { bucketArn, ours } from './policy-under-test.ts'

export function parse(source: string | Uint8Array, kind: PolicyKind = 'identity', bucket?: string) {
  const options = { kind, size: policySizes.bucket }
  return parsePolicy(source, bucket === undefined ? options : { ...options, bucket })
}

export function statement(kind: PolicyKind, changes: Readonly<Record<string, unknown>>) {
  const plain: Record<PolicyKind, Readonly<Record<string, unknown>>> = {
    identity: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
    resource: {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `${bucketArn}/*`,
    },
    trust: { Effect: 'Allow', Principal: { AWS: ours }, Action: 'sts:AssumeRole' },
  }
  const Statement = [{ ...plain[kind], ...changes }]
  return JSON.stringify({ Version: '2012-10-17', Statement })
}

export function refusal(act: () => unknown): PolicyRefused {
  try {
    act()
  } catch (error) {
    if (error instanceof PolicyRefused) return error
    throw error
  }
  assert.fail('was taken')
}
