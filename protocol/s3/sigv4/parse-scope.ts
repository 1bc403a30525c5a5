// The credential of a signature: `<access key>/<YYYYMMDD>/<region>/s3/aws4_request`, wherever it stands.
import type { CredentialScope, SignedService } from './signed-request.ts'

/** `problem` completes the sentence that the error of the form in question begins. */
export type ParsedScope =
  | { readonly is: 'scope'; readonly scope: CredentialScope }
  | { readonly is: 'malformed'; readonly problem: string }

export function parseScope(raw: string, expected: SignedService = 's3'): ParsedScope {
  // Cut from the end: an access key given by the administrator may hold slashes.
  const fields: string[] = []
  let end = raw.length
  while (fields.length < 4) {
    const slash = raw.lastIndexOf('/', end - 1)
    if (slash < 0 || end === 0) {
      const form = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'
      return malformed(`the Credential is mal-formed; expecting ${form}.`)
    }
    fields.push(raw.slice(slash + 1, end))
    end = slash
  }
  const [terminal = '', service = '', region = '', date = ''] = fields
  if (end === 0) {
    return malformed('a non-empty Access Key (AKID) must be provided in the credential.')
  }
  if (!isDay(date)) {
    const format = 'This date in the credential must be in the format "yyyyMMdd".'
    return malformed(`incorrect date format "${date}". ${format}`)
  }
  if (service !== expected) {
    return malformed(`incorrect service "${service}". This endpoint belongs to "${expected}".`)
  }
  if (terminal !== 'aws4_request') {
    return malformed(`incorrect terminal "${terminal}". This endpoint uses "aws4_request".`)
  }
  return {
    is: 'scope',
    scope: {
      accessKeyId: raw.slice(0, end),
      date,
      region,
      ...(expected === 's3' ? {} : { service: expected }),
      credential: raw,
      credentialScope: raw.slice(end + 1),
    },
  }
}

function malformed(problem: string): ParsedScope {
  return { is: 'malformed', problem }
}

function isDay(raw: string): boolean {
  if (raw.length !== 8) return false
  for (let at = 0; at < 8; at += 1) {
    const code = raw.charCodeAt(at)
    if (code < 0x30 || code > 0x39) return false
  }
  return true
}
