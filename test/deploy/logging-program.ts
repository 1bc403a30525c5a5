// A program for tests: logs and prints as a server does, and then ends with a status of its own.
import { setTimeout as sleep } from 'node:timers/promises'
import { logToStderr, outliveLog } from '../../deploy/log.ts'

outliveLog()
for (let round = 0; round < 3; round += 1) {
  logToStderr('a test', { round })
  console.log('a line')
  await sleep(10)
}
process.exit(7)
