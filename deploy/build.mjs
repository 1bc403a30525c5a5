// @ts-check
// Compiles a checkout to `dist/`: `node deploy/build.mjs`. With `--if-changed`, as `npm start` does, only
// when sources are not those of the last time; with `--if-possible`, as `npm ci` does, only when there is a
// compiler besides. A package that was installed has its `dist/`.
import { tooOldNode } from './needed-node.mjs'

const flag = process.argv[2]
const wanted =
  flag === '--if-changed' ? 'ifChanged' : flag === '--if-possible' ? 'ifPossible' : 'always'
const tooOld = tooOldNode(process.versions.node)
if (tooOld !== undefined) {
  console.error(tooOld)
  process.exitCode = 1
} else {
  // Imported late: what is too old for it has been told so.
  void import('./compile-sources.mjs').then(({ compileSources }) => {
    process.exitCode = compileSources(wanted)
  })
}
