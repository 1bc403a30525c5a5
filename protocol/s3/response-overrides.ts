// The headers of a reply that whoever asks may choose: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
import { requireHeaderValue, toHeaderText } from './header-text.ts'
import type { ReplyHeaders } from './object-headers.ts'
import type { Query } from './request-target.ts'
import { S3Error } from './s3-error.ts'

const overrides: ReadonlyMap<string, string> = new Map([
  ['response-content-type', 'Content-Type'],
  ['response-content-language', 'Content-Language'],
  ['response-expires', 'Expires'],
  ['response-cache-control', 'Cache-Control'],
  ['response-content-disposition', 'Content-Disposition'],
  ['response-content-encoding', 'Content-Encoding'],
])

const beyondLatin1 = /[^\0-\xff]/

/**
 * Puts in what `response-…` parameters ask for. Throws `InvalidArgument` for what no header can hold, and
 * as S3 does for characters outside ISO-8859-1; of others the bytes are sent that stand in the query.
 */
export function overrideHeaders(headers: ReplyHeaders, query: Query): void {
  for (const { name, value } of query.parameters) {
    const header = overrides.get(name)
    if (header === undefined || value === '') continue
    if (beyondLatin1.test(value)) {
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: name, ArgumentValue: value },
        { message: 'Header value cannot be represented using ISO-8859-1.' },
      )
    }
    headers[header] = requireHeaderValue(name, toHeaderText(value))
  }
}
