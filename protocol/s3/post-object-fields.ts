// What the fields of a form upload say: the object's key, the fields that stand for headers of PutObject, and
// how success is to be answered: with a redirection, or with a status of its choice. Signature and policy are
// in `sigv4/post-*.ts`.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
import { quoteEtag } from './etag.ts'
import { parseHeaderName, toHeaderText, trimBlanks } from './header-text.ts'
import { requireKeyLength } from './object-key.ts'
import { S3Error } from './s3-error.ts'
import type { FormFields } from './sigv4/post-form.ts'
import { readTagging } from './xml/read-tagging.ts'

/** Throws `InvalidArgument` without a key, `UserKeyMustBeSpecified`, `KeyTooLongError`. */
export function parseFormKey(fields: FormFields): string {
  const key = fields.get('key')
  if (key === undefined) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: 'key', ArgumentValue: '' },
      {
        message:
          "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      },
    )
  }
  if (key === '') throw new S3Error('UserKeyMustBeSpecified')
  return requireKeyLength(key)
}

const headerFields: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'expires',
])

/**
 * The fields as the headers of a PutObject, names in lower case and values as latin1 text of the bytes
 * that came: UTF-8, or whatever else for `latin1Fields`. Throws `InvalidArgument` for names that no header
 * can have and for a field that is there in both of its forms, `MalformedXML` and `InvalidTag` for the field
 * `tagging`.
 */
export function formHeaders(
  fields: FormFields,
  latin1Fields: ReadonlySet<string> = new Set(),
): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (const [name, value] of fields) {
    if (!headerFields.has(name) && !name.startsWith('x-amz-')) continue
    headers[parseHeaderName(name)] = latin1Fields.has(name)
      ? trimBlanks(value)
      : toHeaderText(value)
  }
  const acl = fields.get('acl')
  if (acl !== undefined) headers[onlyOne(fields, 'acl')] = acl
  const tagging = fields.get('tagging')
  if (tagging !== undefined) headers[onlyOne(fields, 'tagging')] = taggingText(tagging)
  return headers
}

/** The header that a field without prefix stands for. Beside that header's own field, which is meant? */
function onlyOne(fields: FormFields, name: string): string {
  const header = `x-amz-${name}`
  const other = fields.get(header)
  if (other === undefined) return header
  throw new S3Error('InvalidArgument', { ArgumentName: header, ArgumentValue: other })
}

/** Fields whose text is what is meant, and not bytes. */
const textFields = ['key', 'tagging']

/** Throws `InvalidArgument` when one of them is not UTF-8. */
export function requireTextFields(latin1Fields: ReadonlySet<string>): void {
  const name = textFields.find((field) => latin1Fields.has(field))
  if (name === undefined) return
  const message = `The field ${name} is not UTF-8.`
  throw new S3Error('InvalidArgument', { ArgumentName: name }, { message })
}

/** Forms bring tags as XML, headers as a query. */
function taggingText(xml: string): string {
  const tags = readTagging(Buffer.from(xml, 'utf8'), 'object')
  return tags
    .map((tag) => `${encodeURIComponent(tag.key)}=${encodeURIComponent(tag.value)}`)
    .join('&')
}

type SuccessAction =
  | { readonly is: 'redirect'; readonly url: URL }
  /** 201 comes with a document. */
  | { readonly is: 'status'; readonly status: 200 | 201 | 204 }

/** A field that cannot be made out counts as absent, and nothing as 204: so S3 has it. */
export function parseSuccessAction(fields: FormFields): SuccessAction {
  const url = parseRedirect(fields.get('success_action_redirect') ?? fields.get('redirect'))
  if (url !== undefined) return { is: 'redirect', url }
  const status = fields.get('success_action_status')
  if (status === '200') return { is: 'status', status: 200 }
  if (status === '201') return { is: 'status', status: 201 }
  return { is: 'status', status: 204 }
}

function parseRedirect(raw: string | undefined): URL | undefined {
  if (raw === undefined || !URL.canParse(raw)) return undefined
  const url = new URL(raw)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}

/** The address to redirect to: the one asked for, with the new object in its query. */
export function redirectLocation(
  url: URL,
  object: { readonly bucket: string; readonly key: string; readonly etag: string },
): string {
  const asked = url.search === '' ? '' : `${url.search.slice(1)}&`
  const added = [
    `bucket=${encodeURIComponent(object.bucket)}`,
    `key=${encodeURIComponent(object.key)}`,
    `etag=${encodeURIComponent(quoteEtag(object.etag))}`,
  ].join('&')
  return `${url.origin}${url.pathname}?${asked}${added}${url.hash}`
}
