// `/-/bundles`: making, listing, showing, appending to, deleting and downloading bundles
// (docs/bundles.md). Here is which request does what.
import { noSuchRoute, type OwnCall, type OwnRoute } from '../http/own-route.ts'
import { appendToBundle } from './append-to-bundle.ts'
import type { BundleParts } from './bundle-parts.ts'
import { createBundle } from './create-bundle.ts'
import { deleteBundle } from './delete-bundle.ts'
import { downloadAtOnce } from './download-at-once.ts'
import { downloadBundle } from './download-bundle.ts'
import { listBundles, showBundle } from './show-bundles.ts'

export function makeBundlesRoute(parts: BundleParts): OwnRoute {
  return (call: OwnCall) => {
    const [id, rest, ...more] = call.path
    if (more.length > 0) throw noSuchRoute(call)
    if (id === undefined) {
      if (call.method === 'GET') return listBundles(parts, call)
      if (call.method !== 'POST') throw noSuchRoute(call)
      return call.query.has('download') ? downloadAtOnce(parts, call) : createBundle(parts, call)
    }
    if (rest === undefined) {
      if (call.method === 'GET') return showBundle(parts, call, id)
      if (call.method === 'DELETE') return deleteBundle(parts, call, id)
      throw noSuchRoute(call)
    }
    if (call.method === 'GET' || call.method === 'HEAD') return downloadBundle(parts, call, id)
    if (call.method === 'POST' && rest === 'entries') return appendToBundle(parts, call, id)
    throw noSuchRoute(call)
  }
}
