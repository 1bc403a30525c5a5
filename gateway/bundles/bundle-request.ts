// The request that makes a bundle, out of its JSON. Format: docs/bundles.md.
import type { z } from 'zod'
import { fields, refuseArgument, text, wholeNumber, zipOptions } from '../native-api/read-json.ts'
import { bundleLifeMsDefault, bundleLifeMsMax, fileNameBytesMax } from './bundle-limits.ts'
import { selections } from './bundle-selection.ts'

export type BundleRequest = z.output<typeof bundleRequest>

/** Of a name that may have to get its ending yet. */
const fileName = text.transform((name, context) => {
  const whole = name.toLowerCase().endsWith('.zip') ? name : `${name}.zip`
  if (name === '' || Buffer.byteLength(whole) > fileNameBytesMax) {
    refuseArgument(context, { message: `must have 1 to ${fileNameBytesMax} bytes.` })
  }
  return whole
})

export const bundleRequest = fields({
  bucket: text,
  entries: selections,
  fileName: fileName.optional(),
  expiresInSeconds: wholeNumber(1, bundleLifeMsMax / 1000).optional(),
  options: zipOptions,
}).transform(({ bucket, entries, fileName: name, expiresInSeconds, options }) => ({
  bucketName: bucket,
  selections: entries,
  /** Ends with `.zip`. */
  fileName: name ?? `${bucket}.zip`,
  lifeMs: expiresInSeconds === undefined ? bundleLifeMsDefault : expiresInSeconds * 1000,
  windows: options?.windows ?? false,
}))

export const appendRequest = fields({ entries: selections })
