// A program for tests: logs and prints as a server does, and then ends with a status of its own.
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog, outliveLog } from '../../deploy/process/log.ts'

outliveLog()
const log = openLog('info')
for (let round = 0; round < 3; round += 1) {
  log.info('a test', { round })
  console.log('a line')
  await sleep(10)
}
process.exit(7)
