// A program for tests: makes the directory it is told.
import assert from 'node:assert'
import { makeDirectory } from '../../deploy/stores/make-directory.ts'

const path = process.argv[2]
assert.ok(path !== undefined)
makeDirectory(path)
