// The XML document of an error. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
import type { S3Error } from '../s3-error.ts'
import { element, parent, xmlDeclaration } from './xml-writer.ts'

export function renderError(
  error: S3Error,
  request: { resource: string; requestId: string; hostId: string },
): string {
  const details = Object.entries(error.details).map(([name, text]) => element(name, legible(text)))
  return (
    xmlDeclaration +
    parent(
      'Error',
      element('Code', error.code),
      element('Message', legible(error.message)),
      ...details,
      element('Resource', legible(request.resource)),
      element('RequestId', request.requestId),
      element('HostId', request.hostId),
    )
  )
}

/** The same as S3 Control answers it. */
export function renderControlError(
  error: S3Error,
  { requestId, hostId }: { requestId: string; hostId: string },
): string {
  const details = Object.entries(error.details).map(([name, text]) => element(name, legible(text)))
  return (
    xmlDeclaration +
    parent(
      'ErrorResponse',
      parent(
        'Error',
        element('Code', error.code),
        element('Message', legible(error.message)),
        ...details,
      ),
      element('RequestId', requestId),
      element('HostId', hostId),
    )
  )
}

/**
 * Errors show what was wrong with a request, and a client that cannot parse that does not even learn the
 * code: what XML 1.0 cannot hold is replaced, where listings write it as S3 does.
 */
function legible(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
}
