// Managed policies, their versions and documents in answers.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import type { AttachmentCounts } from './attachments.ts'
import type { FoundPolicy } from './managed-policy.ts'

/** Without description and tags, which not every answer has. */
export function renderPolicy(
  { name, id, arn, path, defaultVersion, createdMs, updatedMs }: FoundPolicy,
  { attachments, boundaries }: AttachmentCounts,
): string {
  return [
    element('PolicyName', name),
    element('PolicyId', id),
    element('Arn', arn),
    element('Path', path),
    element('DefaultVersionId', versionId(defaultVersion)),
    element('AttachmentCount', attachments),
    element('PermissionsBoundaryUsageCount', boundaries),
    element('IsAttachable', true),
    element('CreateDate', queryTime(createdMs)),
    element('UpdateDate', queryTime(updatedMs)),
  ].join('')
}

/** With its document, or without. */
export function renderVersion(
  { defaultVersion }: Pick<FoundPolicy, 'defaultVersion'>,
  { number, createdMs }: FoundPolicy['versions'][number],
  text?: string,
): string {
  return [
    text === undefined ? '' : element('Document', encodeDocument(text)),
    element('VersionId', versionId(number)),
    element('IsDefaultVersion', number === defaultVersion),
    element('CreateDate', queryTime(createdMs)),
  ].join('')
}

export function versionId(number: number): string {
  return `v${number}`
}

/** As IAM gives documents back: percent-encoded, with nothing left out but what RFC 3986 calls unreserved. */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
