// Main module of the worker processes of `holdfast server`.
import { tuneCollector } from './collector-flags.ts'
import { outliveLog } from './log.ts'
import { openEngines } from './open-engines.ts'
import { runWorker } from './worker.ts'

tuneCollector()
outliveLog()
runWorker(openEngines)
