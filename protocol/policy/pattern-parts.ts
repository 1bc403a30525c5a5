// Text of a policy taken apart: plain text, wildcards, and policy variables with their defaults.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html

import type { ContextKeys } from './access-request.ts'
import { lowerAscii } from './ascii-case.ts'
import type { PolicyVersion } from './policy-document.ts'

export type PatternPart =
  | { readonly is: 'text'; readonly text: string }
  /** `*` */
  | { readonly is: 'any' }
  /** `?` */
  | { readonly is: 'one' }
  /** `key` in lower case. */
  | { readonly is: 'variable'; readonly key: string; readonly fallback?: string }

export type PatternSyntax = { readonly wildcards: boolean; readonly variables: boolean }

/** What is in force in documents of that version. */
export function syntaxOf(version: PolicyVersion, wildcards: boolean): PatternSyntax {
  return { wildcards, variables: version === '2012-10-17' }
}

/** A `${` that begins no variable. */
export class VariableRefused extends Error {}

const any: PatternPart = { is: 'any' }
const one: PatternPart = { is: 'one' }
const special = /[*?]|\$\{/g
/** A default has two quotes for one of its own. */
const variable = /\$\{(?:([*?$])|[ ]*([A-Za-z0-9][^,'{}$*?]*)(?:,[ ]*'((?:[^']|'')*)'[ ]*)?)\}/y

/** Throws `VariableRefused`. */
export function parsePattern(text: string, syntax: PatternSyntax): readonly PatternPart[] {
  const parts: PatternPart[] = []
  let plain = ''
  let at = 0
  const flush = () => {
    if (plain !== '') parts.push({ is: 'text', text: plain })
    plain = ''
  }
  for (;;) {
    special.lastIndex = at
    const found = special.exec(text)
    if (found === null) break
    plain += text.slice(at, found.index)
    at = found.index + found[0].length
    if (found[0] !== '${') {
      if (!syntax.wildcards) plain += found[0]
      else {
        flush()
        // Two in a row are as one, and cost nothing more.
        if (found[0] === '?') parts.push(one)
        else if (parts.at(-1) !== any) parts.push(any)
      }
    } else if (!syntax.variables) {
      plain += '${'
    } else {
      variable.lastIndex = found.index
      const match = variable.exec(text)
      if (match === null) throw new VariableRefused(`"${text.slice(found.index)}" is no variable`)
      at = variable.lastIndex
      const [, literal, key = '', fallback] = match
      if (literal !== undefined) plain += literal
      else {
        flush()
        parts.push(variablePart(key, fallback))
      }
    }
  }
  plain += text.slice(at)
  flush()
  return parts
}

function variablePart(key: string, fallback: string | undefined): PatternPart {
  const lower = lowerAscii(key.trimEnd())
  if (fallback === undefined) return { is: 'variable', key: lower }
  return { is: 'variable', key: lower, fallback: fallback.replaceAll("''", "'") }
}

export function hasVariables(parts: readonly PatternPart[]): boolean {
  return parts.some((part) => part.is === 'variable')
}

/**
 * Variables replaced by what the request has: plain text, in which wildcards mean nothing. Undefined:
 * one has neither a value nor a default, or is of a key that can have several, and nothing matches.
 */
export function fillVariables(
  parts: readonly PatternPart[],
  context: ContextKeys,
): readonly PatternPart[] | undefined {
  const filled: PatternPart[] = []
  for (const part of parts) {
    if (part.is !== 'variable') {
      filled.push(part)
      continue
    }
    const found = context.get(part.key)
    if (typeof found === 'object' && found.length > 0) return undefined
    const text = typeof found === 'string' ? found : part.fallback
    if (text === undefined) return undefined
    filled.push({ is: 'text', text })
  }
  return filled
}

/** Of what filled parts match, in units of UTF-16. */
export function leastLength(parts: readonly PatternPart[]): number {
  let length = 0
  for (const part of parts) {
    if (part.is === 'text') length += part.text.length
    else if (part.is === 'one') length += 1
  }
  return length
}

/** Of parts without wildcards and variables. */
export function plainText(parts: readonly PatternPart[]): string {
  let text = ''
  for (const part of parts) if (part.is === 'text') text += part.text
  return text
}
