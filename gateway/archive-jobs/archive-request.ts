// The request for an archive job, out of its JSON. Format: docs/archives.md.
import type { ArchivePayload } from '../../metadata/job-kinds.ts'
import { requireKeyLength } from '../../protocol/s3/object-key.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parseWindows } from '../bundles/bundle-request.ts'
import type { JsonObject } from '../native-api/json-body.ts'
import { archiveLifeMsDefault, archiveLifeMsMax } from './archive-limits.ts'

export type ArchiveOrder = Pick<
  ArchivePayload,
  'bucketName' | 'prefix' | 'windows' | 'destination' | 'lifeMs'
>

/** Throws `MalformedJSON`, `InvalidArgument` and `KeyTooLongError`. */
export function parseArchiveOrder(body: JsonObject): ArchiveOrder {
  const seconds = { min: 1, max: archiveLifeMsMax / 1000 }
  const life = body.optionalNumber('expiresInSeconds', seconds)
  const destination = body.object('destination')
  const order = {
    bucketName: body.text('bucket'),
    prefix: body.optionalText('prefix') ?? '',
    windows: parseWindows(body.optionalObject('options')),
    destination: { bucketName: destination.text('bucket'), key: destination.text('key') },
    lifeMs: life === undefined ? archiveLifeMsDefault : life * 1000,
  }
  destination.end()
  body.end()
  if (order.destination.key === '') {
    const message = 'destination.key is empty.'
    throw new S3Error('InvalidArgument', { ArgumentName: 'destination.key' }, { message })
  }
  requireKeyLength(order.prefix)
  requireKeyLength(order.destination.key)
  return order
}
