// `/-/bundles`: making, listing, showing, appending to, deleting and downloading bundles
// (docs/bundles.md). Here is which request does what.
import { type NativeCall, type NativeRoute, noSuchRoute } from '../native-api/native-route.ts'
import { appendToBundle } from './append-to-bundle.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { createBundle } from './create-bundle.ts'
import { deleteBundle } from './delete-bundle.ts'
import { downloadAtOnce } from './download-at-once.ts'
import { downloadBundle } from './download-bundle.ts'
import { listBundles, showBundle } from './show-bundles.ts'

export function makeBundlesRoute(deps: BundleDeps): NativeRoute {
  return (call: NativeCall) => {
    const [id, rest, ...more] = call.path
    if (more.length > 0) throw noSuchRoute(call)
    if (id === undefined) {
      if (call.method === 'GET') return listBundles(deps, call)
      if (call.method !== 'POST') throw noSuchRoute(call)
      return call.query.has('download') ? downloadAtOnce(deps, call) : createBundle(deps, call)
    }
    if (rest === undefined) {
      if (call.method === 'GET') return showBundle(deps, call, id)
      if (call.method === 'DELETE') return deleteBundle(deps, call, id)
      throw noSuchRoute(call)
    }
    if (call.method === 'GET' || call.method === 'HEAD') return downloadBundle(deps, call, id)
    if (call.method === 'POST' && rest === 'entries') return appendToBundle(deps, call, id)
    throw noSuchRoute(call)
  }
}
