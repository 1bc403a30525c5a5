import assert from 'node:assert/strict'
import { embeddedTaskQueue } from '../../../metadata/tasks/embedded-task-queue.ts'
import { taskQueueContract } from '../../contracts/task-queue.ts'

taskQueueContract('embedded', async (tasksMax) =>
  embeddedTaskQueue({
    tasksMax,
    onFailure: (cause) => assert.equal(String(cause), 'Error: no luck'),
  }),
)
