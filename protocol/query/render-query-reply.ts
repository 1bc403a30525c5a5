// Answers of AWS's query protocol, which are XML.
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
import { element, parent } from '../s3/xml/xml-writer.ts'
import type { QueryError } from './query-error.ts'

export type QueryServiceName = 'iam' | 'sts'

export const queryNamespaces: Readonly<Record<QueryServiceName, string>> = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
}

export type QueryAnswer = {
  readonly service: QueryServiceName
  readonly action: string
  /** Markup within the result's element. Undefined: the action has none. */
  readonly result: string | undefined
  readonly requestId: string
}

export function renderQueryAnswer({ service, action, result, requestId }: QueryAnswer): string {
  const shown = result === undefined ? '' : parent(`${action}Result`, result)
  const metadata = parent('ResponseMetadata', element('RequestId', requestId))
  return `<${action}Response xmlns="${queryNamespaces[service]}">${shown}${metadata}</${action}Response>\n`
}

export function renderQueryError(
  { code, status, message }: QueryError,
  { service, requestId }: Pick<QueryAnswer, 'service' | 'requestId'>,
): string {
  const error = parent(
    'Error',
    element('Type', status < 500 ? 'Sender' : 'Receiver'),
    element('Code', code),
    element('Message', legible(message)),
  )
  const id = element('RequestId', requestId)
  return `<ErrorResponse xmlns="${queryNamespaces[service]}">${error}${id}</ErrorResponse>\n`
}

/** `<name><member>…</member>…</name>` around markup that is escaped already. */
export function members(name: string, markups: readonly string[]): string {
  return parent(name, ...markups.map((markup) => parent('member', markup)))
}

/** As IAM writes times. Milliseconds since 1970. */
export function queryTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** What XML 1.0 cannot hold is replaced. */
function legible(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
}
