// The JSON payload of a request below `/-/`, held against the schema of its route: what is missing, of a wrong
// type or unknown is told by name. A wrong shape is `MalformedJSON`; a value that has the right one and
// cannot be meant is `InvalidArgument`.
import { z } from 'zod'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { RequestBody } from '../s3/operation.ts'

/** Throws `MalformedJSON`, `InvalidArgument`, what the schema throws, and what reading the body throws. */
export async function readJson<Schema extends z.ZodType>(
  body: RequestBody,
  schema: Schema,
  bytesMax: number,
): Promise<z.output<Schema>> {
  const bytes = await body.bytes(bytesMax)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new S3Error('MalformedJSON', {}, { cause })
  }
  return parseJson(schema, value)
}

/** Throws as `readJson`. */
export function parseJson<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw refusal(parsed.error)
}

/** A text that has a form in UTF-8: lone surrogates have none. */
export const text = z
  .string({ error: 'must be a text.' })
  .refine((value) => Buffer.from(value).toString() === value, 'must be a text.')

/** Of at most so many UTF-8 bytes. */
export function boundedText(bytesMax: number) {
  return text.superRefine((value, context) => {
    if (Buffer.byteLength(value) > bytesMax) {
      refuseArgument(context, { message: `has more than ${bytesMax} bytes.` })
    }
  })
}

export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}.`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

export const flag = z.boolean({ error: 'must be true or false.' })

/** Of a zip that is asked for: names that Windows takes too. */
export const zipOptions = fields({ windows: flag.optional() }).optional()

/** An object with these fields and no others. */
export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'invalid_type' ? 'must be a JSON object.' : undefined),
  })
}

export type Refinement = { addIssue(issue: z.core.$ZodRawIssue<z.core.$ZodIssueCustom>): void }

/** From within a schema: `InvalidArgument`. `path`: below the value that is looked at. */
export function refuseArgument(
  context: Refinement,
  { message, path = [] }: { readonly message: string; readonly path?: readonly string[] },
): void {
  const params = { isArgument: true }
  context.addIssue({ code: 'custom', message, params, path: [...path], input: undefined })
}

/** An object whose schema follows from what it is; `error`: there is none for it. */
export function choose<Schema extends z.ZodType>(
  schemaOf: (value: object) => Schema | undefined,
  error: string,
) {
  return z.looseObject({}, 'must be a JSON object.').transform((value, context) => {
    const parsed = schemaOf(value)?.safeParse(value)
    if (parsed?.success) return parsed.data
    if (parsed === undefined) context.addIssue(error)
    for (const issue of parsed?.error.issues ?? []) {
      const { path, message, isArgument } = faultOf(issue)
      context.addIssue({ code: 'custom', path: [...path], message, params: { isArgument } })
    }
    return z.NEVER
  })
}

type Fault = {
  readonly path: readonly PropertyKey[]
  readonly message: string
  /** The shape is right, and the value cannot be meant. */
  readonly isArgument: boolean
}

function faultOf(issue: z.core.$ZodIssue): Fault {
  const { path, message } = issue
  if (issue.code === 'unrecognized_keys') {
    const unknown = [...path, issue.keys[0] ?? '']
    return { path: unknown, message: 'is not known here.', isArgument: false }
  }
  const { isArgument } = issue.code === 'custom' ? { isArgument: false, ...issue.params } : plain
  return { path, message, isArgument }
}

const plain = { isArgument: false }

/** The first thing that is wrong. */
function refusal({ issues: [issue] }: z.ZodError): S3Error {
  if (issue === undefined) return new S3Error('MalformedJSON')
  const { path, message: why, isArgument } = faultOf(issue)
  const name = nameOf(path)
  const message = `${name === '' ? 'The payload' : name} ${why}`
  if (!isArgument) return new S3Error('MalformedJSON', {}, { message })
  return new S3Error('InvalidArgument', { ArgumentName: String(path.at(-1)) }, { message })
}

/** `entries[3].key` */
function nameOf(path: readonly PropertyKey[]): string {
  let name = ''
  for (const step of path) {
    if (typeof step === 'number') name += `[${step}]`
    else name += name === '' ? String(step) : `.${String(step)}`
  }
  return name
}
