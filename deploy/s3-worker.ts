// Main module of the worker processes of `holdfast server`.
import { tuneCollector } from './process/collector-flags.ts'
import { outliveLog } from './process/log.ts'
import { openEngines } from './process/open-engines.ts'
import { runWorker } from './process/worker.ts'

tuneCollector()
outliveLog()
runWorker(openEngines)
