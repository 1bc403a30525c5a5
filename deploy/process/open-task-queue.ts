// Chooses what carries tasks: the one place that knows which queues there are.
import { hostname } from 'node:os'
import { embeddedTaskQueue } from '../../metadata/tasks/embedded-task-queue.ts'
import { rabbitmqTaskQueue } from '../../metadata/tasks/rabbitmq/rabbitmq-task-queue.ts'
import { taskBatch } from '../../metadata/tasks/start-tasks.ts'
import type { TaskQueue } from '../../metadata/tasks/task-queue.ts'
import type { TasksSetting } from '../../metadata/tasks/tasks-setting.ts'

/** Opens nothing yet: RabbitMQ may be away for now. */
export function openTaskQueue(
  setting: TasksSetting,
  { onFailure }: { readonly onFailure: (cause: unknown) => void },
): TaskQueue {
  switch (setting.is) {
    case 'embedded':
      // As many wait as are with a consumer.
      return embeddedTaskQueue({ tasksMax: taskBatch, onFailure })
    case 'rabbitmq': {
      const name = `holdfast ${hostname()} ${process.pid}`
      return rabbitmqTaskQueue({ address: setting.broker, name, onFailure })
    }
    default:
      return setting satisfies never
  }
}
