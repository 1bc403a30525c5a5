// Main module of the workers of `fake-server.ts`.
import { runWorker } from '../../deploy/process/worker.ts'
import { openFakeEngines } from './fake-engines.ts'

runWorker(openFakeEngines)
