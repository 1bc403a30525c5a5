// The XML document of an error. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
import type { S3Error } from '../s3-error.ts'
import { element, parent, xmlDeclaration } from './xml-writer.ts'

export function renderError(
  error: S3Error,
  request: { resource: string; requestId: string; hostId: string },
): string {
  const details = Object.entries(error.details).map(([name, text]) => element(name, text))
  return (
    xmlDeclaration +
    parent(
      'Error',
      element('Code', error.code),
      element('Message', error.message),
      ...details,
      element('Resource', request.resource),
      element('RequestId', request.requestId),
      element('HostId', request.hostId),
    )
  )
}
