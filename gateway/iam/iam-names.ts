// What names, paths and descriptions of IAM may be, as rules for `QueryParameters`.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
import type { TextRule } from '../../protocol/query/query-parameters.ts'

const nameForm = /^[\w+=,.@-]+$/

export const userNameRule: TextRule = { from: 1, to: 64, pattern: nameForm }
export const roleNameRule = userNameRule
export const groupNameRule: TextRule = { from: 1, to: 128, pattern: nameForm }
export const policyNameRule = groupNameRule
/** What is asked for may be longer than what can be made. */
export const existingNameRule = groupNameRule
export const arnRule: TextRule = { from: 20, to: 2048 }
export const pathRule: TextRule = { from: 1, to: 512, pattern: /^(?:\/|\/[!-\x7f]+\/)$/ }
export const pathPrefixRule: TextRule = { from: 1, to: 512, pattern: /^\/[!-\x7f]*$/ }
export const accessKeyIdRule: TextRule = { from: 16, to: 128, pattern: /^\w+$/ }
/** Of a policy as it is put, white space included. */
export const policyTextRule: TextRule = { from: 1, to: 131_072 }

/** IAM takes two names that differ in case alone for one: this is where a document lies. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}
