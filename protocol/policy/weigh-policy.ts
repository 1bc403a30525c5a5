// How much memory a compiled policy holds, for caches that have a limit. It is a bound to rely on rather than
// a measure: what V8 spends on an object is found by trying, and differs by version.
import type { CompiledPolicy } from './compile-policy.ts'
import type { Listed, Statement } from './policy-document.ts'

const policyBytes = 2000
const statementBytes = 1500
const conditionBytes = 1000
/** Of one that is listed: its text as it was written, and as it is compared. */
const valueBytes = 450
const arnFields = 6
const fieldBytes = 200
/** What is compared may be two bytes, and both may be there. */
const unitBytes = 4
/** What is between two `*` has a length, and the `*` the least that it stands for. */
const gapBytes = 24
/** A part that is filled later. */
const variableBytes = 150
const special = /[*?]+|\$\{/g

/** Bytes, approximately, with the document. */
export function weighPolicy({ name, document }: CompiledPolicy): number {
  const texts = (document.id?.length ?? 0) + name.length
  return document.statements.reduce(
    (sum, statement) => sum + weighStatement(statement),
    policyBytes + texts * unitBytes,
  )
}

function weighStatement({ sid, actions, resources, principals, conditions }: Statement): number {
  let bytes = statementBytes + (sid?.length ?? 0) * unitBytes
  bytes += weighListed(actions) + weighListed(resources)
  for (const name of principals?.values ?? []) bytes += weighText(Object.values(name).join(''))
  for (const { operator, key, values } of conditions) {
    bytes += conditionBytes + key.length * unitBytes
    const each = operator.startsWith('Arn') ? arnFields * fieldBytes : 0
    for (const value of values) bytes += each + weighText(value)
  }
  return bytes
}

function weighListed(listed: Listed<string> | undefined): number {
  return (listed?.values ?? []).reduce((sum, value) => sum + weighText(value), 0)
}

function weighText(text: string): number {
  let bytes = valueBytes + text.length * unitBytes
  for (const found of text.match(special) ?? []) {
    if (found === '${') bytes += variableBytes
    else if (found.includes('*')) bytes += gapBytes
  }
  return bytes
}
