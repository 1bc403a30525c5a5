// GetPolicyVersion and ListPolicyVersions: what the versions of a managed policy say, and which there are.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryParameters, TextRule } from '../../../protocol/query/query-parameters.ts'
import { parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { pageOf, readPage, renderPage } from '../iam-page.ts'
import {
  type FoundPolicy,
  readerOf,
  readPolicyArn,
  requirePolicy,
  textOfVersion,
} from './managed-policy.ts'
import { renderVersion, versionId } from './render-policy.ts'

export const getPolicyVersion: QueryAction = async (call) => {
  const arn = readPolicyArn(call.parameters)
  const asked = readVersionId(call.parameters)
  const policy = await requirePolicy(call, 'iam:GetPolicyVersion', { arn })
  const version = findVersion(policy, arn, asked)
  const text = await textOfVersion(readerOf(call), policy, version.number)
  if (text === undefined) throw noSuchVersion(arn, asked)
  return parent('PolicyVersion', renderVersion(policy, version, text))
}

export const listPolicyVersions: QueryAction = async (call) => {
  const arn = readPolicyArn(call.parameters)
  const asked = readPage(call.parameters)
  const policy = await requirePolicy(call, 'iam:ListPolicyVersions', { arn })
  const newestFirst = [...policy.versions].reverse()
  const page = pageOf(newestFirst, ({ number }) => orderKey(number), asked)
  return renderPage('Versions', page, (version) => renderVersion(policy, version))
}

/** Rises as numbers fall. */
function orderKey(number: number): string {
  return String(1e9 - number).padStart(10, '0')
}

const versionRule: TextRule = { from: 1, to: 100, pattern: /^v[1-9][0-9]*(?:\.[A-Za-z0-9-]*)?$/ }

/** Throws `ValidationError`. */
export function readVersionId(parameters: QueryParameters): string {
  return parameters.text('VersionId', versionRule)
}

/** Throws `NoSuchEntity`. */
export function findVersion(
  { versions }: Pick<FoundPolicy, 'versions'>,
  arn: string,
  asked: string,
): FoundPolicy['versions'][number] {
  const found = versions.find(({ number }) => versionId(number) === asked)
  if (found !== undefined) return found
  throw noSuchVersion(arn, asked)
}

function noSuchVersion(arn: string, asked: string): QueryError {
  return new QueryError('NoSuchEntity', `Policy ${arn} version ${asked} does not exist.`)
}
