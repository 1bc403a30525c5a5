// `/-/bundles`: making, listing, showing, appending to, deleting and downloading bundles
// (docs/bundles.md). Here is which request does what.
import type { NativeRoute } from '../native-api/native-route.ts'
import { appendToBundle } from './append-to-bundle.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { createBundle } from './create-bundle.ts'
import { deleteBundle } from './delete-bundle.ts'
import { downloadAtOnce } from './download-at-once.ts'
import { downloadBundle } from './download-bundle.ts'
import { listBundles, showBundle } from './show-bundles.ts'

export function bundlesRoutes(deps: BundleDeps): readonly NativeRoute[] {
  return [
    { method: 'GET', path: '/-/bundles', answer: (call) => listBundles(deps, call) },
    {
      method: 'POST',
      path: '/-/bundles',
      answer: (call) =>
        call.query.has('download') ? downloadAtOnce(deps, call) : createBundle(deps, call),
    },
    {
      method: 'GET',
      path: '/-/bundles/:id',
      answer: (call, param) => showBundle(deps, call, param('id')),
    },
    {
      method: 'DELETE',
      path: '/-/bundles/:id',
      answer: (call, param) => deleteBundle(deps, call, param('id')),
    },
    {
      method: 'POST',
      path: '/-/bundles/:id/entries',
      answer: (call, param) => appendToBundle(deps, call, param('id')),
    },
    {
      method: 'GET',
      path: '/-/bundles/:id/:fileName',
      alsoHead: true,
      answer: (call, param) => downloadBundle(deps, call, param('id')),
    },
  ]
}
