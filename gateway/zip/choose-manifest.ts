// Which frozen archive a request means: the one it names by ETag, the one it is fetching in pieces, or
// what is there now.
import type { IncomingHttpHeaders } from 'node:http'
import type { Manifest } from '../../metadata/manifest-store.ts'
import { parseEtagList } from '../../protocol/s3/etag.ts'
import { parseHttpDate } from '../../protocol/s3/http-date.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import type { ArchiveRequest } from './archive-reply.ts'
import type { FreezeOrder, ManifestCache } from './manifest-cache.ts'

/**
 * A request that names ETags in If-Match or If-Range gets that archive while it lives, whatever has
 * changed since. One for a piece, that names none, gets the newest there is. All others, and those
 * for which nothing is found, get what is there now; their conditions are judged against it.
 */
export async function chooseManifest(
  archives: ManifestCache,
  request: ArchiveRequest,
  order: FreezeOrder,
): Promise<Manifest> {
  const named = namedEtags(request.headers)
  const isPiece =
    headerText(request.headers, 'range') !== undefined || request.query.has('partNumber')
  let found: Manifest | undefined
  if (named.length > 0) found = await archives.find(order, named)
  else if (isPiece) found = await archives.latest(order)
  return found ?? archives.freeze(order)
}

export function namedEtags(headers: IncomingHttpHeaders): readonly string[] {
  const ifMatch = headerText(headers, 'if-match')
  const listed = ifMatch === undefined ? '*' : parseEtagList(ifMatch)
  if (listed !== '*') return listed
  const ifRange = headerText(headers, 'if-range')
  if (ifRange === undefined || parseHttpDate(ifRange) !== undefined) return []
  const named = parseEtagList(ifRange)
  return named === '*' ? [] : named
}
