#!/usr/bin/env node
// The command `holdfast`. What it does is found out by `run-command.ts`, which is imported only by a Node
// that is new enough: an older one could not even load what that imports, and would say so by a stack.
import { tooOldNode } from './needed-node.mjs'

const tooOld = tooOldNode(process.versions.node)
if (tooOld === undefined) {
  void import('./commands/run-command.ts').then(({ runCommand }) =>
    runCommand(process.argv.slice(2)),
  )
} else {
  console.error(tooOld)
  process.exitCode = 1
}
