// `holdfast server` on fake engines: main module for `server.test.ts`.
import { fileURLToPath } from 'node:url'
import { explainFailure } from '../../deploy/process/explain-failure.ts'
import { runServer } from '../../deploy/process/server.ts'
import { readConfig } from '../../gateway/config/config.ts'
import { openFakeEngines } from './fake-engines.ts'

const parsed = readConfig(process.argv.slice(2))
if (parsed.is !== 'config') throw new Error(JSON.stringify(parsed))
try {
  await runServer({
    config: parsed.config,
    openEngines: openFakeEngines,
    workerModule: fileURLToPath(new URL('./fake-worker.js', import.meta.url)),
    version: 'test',
    print: (line) => console.log(line),
  })
} catch (cause) {
  console.error(explainFailure(cause))
  process.exitCode = 1
}
process.exit()
