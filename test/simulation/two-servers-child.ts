// The second server of `two-servers.test.ts`, in a process of its own, on the engines of the first.
import assert from 'node:assert'
import { openSharedEngines, startComposition } from './server-composition.ts'

const [directory, processId] = process.argv.slice(2)
assert(directory !== undefined && processId !== undefined)
const engines = await openSharedEngines(directory, { role: 'worker', processId })
const composition = await startComposition(engines, processId)
process.once('message', async () => {
  await composition.stop()
  await engines.close()
  for (const failure of composition.failures) console.log(failure)
  process.exit(composition.failures.length === 0 ? 0 : 1)
})
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.send?.({ port: composition.port, owner: composition.owner })
