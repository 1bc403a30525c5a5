// The fields of a POST upload's form, as parsed by `body/form-data-parser.ts`.
import { S3Error } from '../s3-error.ts'

/** Values by field name in lower case. */
export type FormFields = ReadonlyMap<string, string>

/** The name of a field, in which case does not count: of ASCII alone, or other names would meet with it. */
export function foldFieldName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is S3's placeholder, not one of ours.
const fileNamePlaceholder = '${filename}'

/**
 * Puts the name of the uploaded file where fields say `${filename}`. Browsers may send a whole path; its
 * last segment counts. Do so before the policy is checked, which speaks of the final values. Throws
 * `InvalidArgument` when a field asks for a name that is not UTF-8.
 */
export function expandFileName(fields: FormFields, fileName: string | undefined): FormFields {
  const asking = [...fields].find(([, value]) => value.includes(fileNamePlaceholder))
  if (asking === undefined) return fields
  if (fileName === undefined) {
    const [ArgumentName, ArgumentValue] = asking
    const message = `The name of the file, which the field ${ArgumentName} asks for, is not UTF-8.`
    throw new S3Error('InvalidArgument', { ArgumentName, ArgumentValue }, { message })
  }
  const name = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1)
  const expanded = new Map<string, string>()
  for (const [field, value] of fields) {
    expanded.set(
      field,
      value.replaceAll(fileNamePlaceholder, () => name),
    )
  }
  return expanded
}
