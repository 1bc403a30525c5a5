// The request that makes a bundle, out of its JSON. Format: docs/bundles.md.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { JsonObject } from '../native-api/json-body.ts'
import { bundleLifeMsDefault, bundleLifeMsMax, fileNameBytesMax } from './bundle-limits.ts'
import { parseSelections, type Selection } from './bundle-selection.ts'

export type BundleRequest = {
  readonly bucketName: string
  readonly selections: readonly Selection[]
  /** Ends with `.zip`. */
  readonly fileName: string
  readonly lifeMs: number
  readonly windows: boolean
}

/** Throws `MalformedJSON`, `InvalidArgument` and `KeyTooLongError`. */
export function parseBundleRequest(body: JsonObject): BundleRequest {
  const bucketName = body.text('bucket')
  const lifeSeconds = body.optionalNumber('expiresInSeconds', {
    min: 1,
    max: bundleLifeMsMax / 1000,
  })
  const request = {
    bucketName,
    selections: parseSelections(body),
    fileName: parseFileName(body) ?? `${bucketName}.zip`,
    lifeMs: lifeSeconds === undefined ? bundleLifeMsDefault : lifeSeconds * 1000,
    windows: parseWindows(body.optionalObject('options')),
  }
  body.end()
  return request
}

function parseFileName(body: JsonObject): string | undefined {
  const name = body.optionalText('fileName')
  if (name === undefined) return undefined
  const whole = name.toLowerCase().endsWith('.zip') ? name : `${name}.zip`
  if (name !== '' && Buffer.byteLength(whole) <= fileNameBytesMax) return whole
  const message = `fileName must have 1 to ${fileNameBytesMax} bytes.`
  throw new S3Error('InvalidArgument', { ArgumentName: 'fileName' }, { message })
}

export function parseWindows(options: JsonObject | undefined): boolean {
  const windows = options?.optionalFlag('windows') ?? false
  options?.end()
  return windows
}
