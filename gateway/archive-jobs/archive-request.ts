// The request for an archive job, out of its JSON. Format: docs/archives.md.
import type { z } from 'zod'
import { requireKeyLength } from '../../protocol/s3/object-key.ts'
import { fields, refuseArgument, text, wholeNumber, zipOptions } from '../native-api/read-json.ts'
import { archiveLifeMsDefault, archiveLifeMsMax } from './archive-limits.ts'

export type ArchiveOrder = z.output<typeof archiveOrder>

/** Throws `KeyTooLongError`. */
export const archiveOrder = fields({
  bucket: text,
  prefix: text.transform(requireKeyLength).optional(),
  options: zipOptions,
  destination: fields({
    bucket: text,
    key: text
      .superRefine((value, context) => {
        if (value === '') refuseArgument(context, { message: 'is empty.' })
      })
      .transform(requireKeyLength),
  }),
  expiresInSeconds: wholeNumber(1, archiveLifeMsMax / 1000).optional(),
}).transform(({ bucket, prefix, options, destination, expiresInSeconds }) => ({
  bucketName: bucket,
  prefix: prefix ?? '',
  windows: options?.windows ?? false,
  destination: { bucketName: destination.bucket, key: destination.key },
  lifeMs: expiresInSeconds === undefined ? archiveLifeMsDefault : expiresInSeconds * 1000,
}))
