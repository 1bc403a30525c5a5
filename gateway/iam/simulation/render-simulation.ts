// What simulations have come to, as IAM writes it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
import type { TextPosition } from '../../../protocol/policy/statement-places.ts'
import { members } from '../../../protocol/query/render-query-reply.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { type Page, renderPage } from '../iam-page.ts'
import type { Matched, Simulated } from './simulate.ts'

export type SimulatedPair = Simulated & { readonly action: string; readonly resource: string }

export function renderSimulations(page: Page<SimulatedPair>): string {
  return renderPage('EvaluationResults', page, renderPair)
}

/** What is missing is told of the resource that was named; without one, of the action. */
function renderPair(pair: SimulatedPair): string {
  const { action, resource, decision } = pair
  const details = renderMatched(pair.matched) + renderBoundaryDecision(pair)
  const isNamed = resource !== '*'
  const specific = parent(
    'member',
    element('EvalResourceName', resource),
    element('EvalResourceDecision', decision),
    details,
    renderMissing(pair.missingKeys),
  )
  return [
    element('EvalActionName', action),
    element('EvalResourceName', resource),
    element('EvalDecision', decision),
    details,
    renderMissing(isNamed ? [] : pair.missingKeys),
    isNamed ? parent('ResourceSpecificResults', specific) : '',
  ].join('')
}

function renderMatched(matched: readonly Matched[]): string {
  return members(
    'MatchedStatements',
    matched.map(
      ({ policy, place }) =>
        element('SourcePolicyId', policy.id) +
        element('SourcePolicyType', policy.type) +
        (place === undefined
          ? ''
          : renderPosition('StartPosition', place.start) +
            renderPosition('EndPosition', place.end)),
    ),
  )
}

function renderPosition(name: string, { line, column }: TextPosition): string {
  return parent(name, element('Line', line), element('Column', column))
}

function renderMissing(keys: readonly string[]): string {
  return parent('MissingContextValues', ...keys.map((key) => element('member', key)))
}

function renderBoundaryDecision({ isAllowedByBoundary }: Simulated): string {
  if (isAllowedByBoundary === undefined) return ''
  return parent(
    'PermissionsBoundaryDecisionDetail',
    element('AllowedByPermissionsBoundary', isAllowedByBoundary),
  )
}
