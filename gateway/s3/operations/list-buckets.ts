// ListBuckets: the buckets of the caller's tenant, in pages.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
import type { Bucket } from '../../../metadata/records.ts'
import {
  formatContinuationToken,
  parseContinuationToken,
} from '../../../protocol/s3/continuation-token.ts'
import { parseInt32 } from '../../../protocol/s3/count-parameter.ts'
import { listBucketsMax } from '../../../protocol/s3/limits.ts'
import type { Query } from '../../../protocol/s3/request-target.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { renderListBuckets } from '../../../protocol/s3/xml/render-list-buckets.ts'
import { namespaceOf } from '../../access/find-bucket.ts'
import { ownerOf } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import type { Operation, ServiceCall, Services } from '../operation.ts'

export const listBuckets: Operation<ServiceCall> = async (call) => {
  const query = parseListBucketsQuery(call.query, call.services)
  const { buckets, isTruncated } = await listPage(call, query)
  const last = buckets.at(-1)
  const nextToken =
    isTruncated && last !== undefined
      ? formatContinuationToken('buckets', { key: last.name, group: false })
      : undefined
  const owner = ownerOf(call.identity.tenantId)
  return xmlReply(renderListBuckets({ buckets, owner, prefix: query.prefix, nextToken }))
}

type ListBucketsQuery = {
  readonly maxBuckets: number
  readonly prefix: string | undefined
  readonly region: string | undefined
  /** The name of the last bucket of the page before. */
  readonly after: string | undefined
}

function parseListBucketsQuery(
  query: Query,
  { region: ownRegion, anyRegion }: Pick<Services, 'region' | 'anyRegion'>,
): ListBucketsQuery {
  const token = query.get('continuation-token')
  // Where every name means this region, the parameter says nothing.
  const region = anyRegion ? undefined : query.get('bucket-region') || undefined
  if (region !== undefined && region !== ownRegion) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: 'bucket-region', ArgumentValue: region },
      {
        message:
          'Requests with bucket-region specified must be made to the corresponding regional endpoint',
      },
    )
  }
  return {
    maxBuckets: parseMaxBuckets(query.get('max-buckets')),
    prefix: query.get('prefix') || undefined,
    region,
    after: token === undefined ? undefined : parseContinuationToken('buckets', token).key,
  }
}

// Unlike the other page sizes, this one may neither be zero nor be cut.
function parseMaxBuckets(raw: string | undefined): number {
  if (raw === undefined || raw === '') return listBucketsMax
  const count = parseInt32(raw)
  if (count !== undefined && count >= 1 && count <= listBucketsMax) return count
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'max-buckets', ArgumentValue: raw },
    {
      message:
        count === undefined
          ? 'Provided max-buckets not an integer or within integer range'
          : `Argument max-buckets must be an integer between 1 and ${listBucketsMax}`,
    },
  )
}

// A bucket made while the server was told another region still belongs to that one.
async function listPage(
  call: ServiceCall,
  query: ListBucketsQuery,
): Promise<{ buckets: readonly Bucket[]; isTruncated: boolean }> {
  const buckets: Bucket[] = []
  let after = query.after
  for (;;) {
    const page = await call.services.metadata.buckets.list(call.identity.tenantId, {
      namespace: namespaceOf(call.identity),
      prefix: query.prefix ?? '',
      ...(after === undefined ? {} : { after }),
      limit: query.maxBuckets - buckets.length,
    })
    for (const bucket of page.buckets) {
      if (query.region === undefined || bucket.region === query.region) buckets.push(bucket)
    }
    after = page.buckets.at(-1)?.name
    const isFull = buckets.length === query.maxBuckets
    if (isFull || !page.isTruncated) return { buckets, isTruncated: page.isTruncated }
  }
}
