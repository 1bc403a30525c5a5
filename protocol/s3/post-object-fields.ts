// What the fields of a form upload say of the object: its key, and the fields that stand for headers
// of PutObject. Signature and policy are in `sigv4/post-*.ts`, the reply in `post-success-action.ts`.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
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
