// multipart/form-data as POST uploads send it: small fields first, then one file, which is streamed.
// What comes after the file is read and ignored, as S3 does.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
import { S3Error } from '../s3-error.ts'
import { type FormFields, foldFieldName } from '../sigv4/post-form.ts'
import { formFieldsBytesMax } from './body-limits.ts'
import { DelimitedReader } from './delimited-reader.ts'
import { decodeText, parseBoundary, parsePartHeaders } from './form-part-headers.ts'

export type FormFile = {
  /** As the client sent it: may be empty, may be a path. Absent when it is not UTF-8. */
  readonly name: string | undefined
  /** The bytes, once. Throws `MalformedPOSTRequest` when the form ends before the file does. */
  readonly body: AsyncIterable<Buffer>
}

export type PostForm = {
  /** Those that are not UTF-8 are read as ISO-8859-1. */
  readonly fields: FormFields
  /** The names of those that are not UTF-8. */
  readonly latin1Fields: ReadonlySet<string>
  readonly file: FormFile
}

const blankLine = Buffer.from('\r\n\r\n')
const lineEnd = Buffer.from('\r\n')

/**
 * Reads up to the file and hands it over as a stream; nothing more is read than the stream asks for.
 * Throws `RequestIsNotMultiPartContent`, `MalformedPOSTRequest`, `MaxPostPreDataLengthExceededError`,
 * `IncorrectNumberOfFilesInPostRequest` (no file), `InvalidArgument` (a field twice).
 */
export async function parseFormData(
  source: AsyncIterable<Buffer>,
  contentType: string | undefined,
): Promise<PostForm> {
  const boundary = parseBoundary(contentType)
  const reader = new DelimitedReader(source, formFieldsBytesMax)
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  const fields = new Map<string, string>()
  const latin1Fields = new Set<string>()
  // The very first delimiter lacks its line end when nothing stands before it.
  reader.prepend(lineEnd)
  await reader.readTo(delimiter)
  for (;;) {
    await readDelimiterEnd(reader)
    const part = parsePartHeaders(await reader.readTo(blankLine))
    if (part.name === 'file') {
      return {
        fields,
        latin1Fields,
        file: { name: part.fileName, body: reader.streamTo(delimiter) },
      }
    }
    // An empty value leaves only the delimiter, whose line end the blank line has swallowed.
    reader.prepend(lineEnd)
    const value = (await reader.readTo(delimiter)).subarray(lineEnd.length)
    addField({ fields, latin1Fields }, part.name, value)
  }
}

/** After a delimiter: padding and a line end, or `--`, which ends the form without a file. */
async function readDelimiterEnd(reader: DelimitedReader): Promise<void> {
  const rest = (await reader.readTo(lineEnd)).toString('latin1')
  if (rest.startsWith('--')) throw new S3Error('IncorrectNumberOfFilesInPostRequest')
  if (rest.trim() !== '') throw new S3Error('MalformedPOSTRequest')
}

function addField(
  { fields, latin1Fields }: { fields: Map<string, string>; latin1Fields: Set<string> },
  name: string,
  value: Buffer,
): void {
  const key = foldFieldName(name)
  if (fields.has(key)) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: name },
      { message: `POST requires at most one form field named '${name}'.` },
    )
  }
  const { text, isUtf8 } = decodeText(value)
  fields.set(key, text)
  if (!isUtf8) latin1Fields.add(key)
}
