// Main module of the worker processes of `holdfast server`.
import { openEngines } from './open-engines.ts'
import { runWorker } from './worker.ts'

runWorker(openEngines)
