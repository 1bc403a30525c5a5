// `holdfast tasks`: what lies in RabbitMQ, and what to do with dead letters. What it does there:
// `metadata/tasks/rabbitmq/queue-admin.ts`.
import { parseArgs } from 'node:util'
import { readConfig } from '../../gateway/config/config.ts'
import { BadValue, wholeNumber } from '../../gateway/config/config-values.ts'
import { describeSettings } from '../../gateway/config/settings.ts'
import { BrokerFailure } from '../../metadata/tasks/rabbitmq/broker-failure.ts'
import type { DeadLetter } from '../../metadata/tasks/rabbitmq/dead-letter.ts'
import { QueueAdmin, type QueueCount } from '../../metadata/tasks/rabbitmq/queue-admin.ts'
import { isTaskKind } from '../../metadata/tasks/rabbitmq/task-message.ts'
import { taskKinds } from '../../metadata/tasks/task-kinds.ts'
import type { TasksSetting } from '../../metadata/tasks/tasks-setting.ts'
import type { Command } from './command.ts'
import { requireOnce, runCommandWork } from './command-flags.ts'
import { failCommand } from './fail-command.ts'

export const tasksCommand: Command = { help, run }

function help(): string {
  return `holdfast tasks [--kind KIND]
holdfast tasks dead [--limit N]
holdfast tasks requeue --kind KIND | --all
holdfast tasks purge-dead

  Looks into the queues of tasks in RabbitMQ. Alone: how many messages wait for each kind, and how many
  consumers there are; those that consumers have now are not counted.

  dead        Lists dead letters, the oldest first, and leaves them: messages that failed too often, or that
              nobody could read.
  requeue     Puts dead letters back into the queues that they died in. Those that this program cannot read
              stay. Safe to repeat.
  purge-dead  Does away with all dead letters.

  No work is lost with a message: what is left to do is in the metadata, and comes again.

  --kind KIND  The kind of tasks: ${taskKinds.join(', ')}, or another.
  --all        All kinds.
  --limit N    How many to list. Default: 100
${describeSettings(['tasks', 'config'])}

  Ends with 0 when it was done, 1 when RabbitMQ cannot be reached or refuses, 2 when the command line is wrong.`
}

type Asked =
  | { readonly is: 'counts'; readonly kinds: readonly string[] }
  | { readonly is: 'dead'; readonly limit: number }
  | { readonly is: 'requeue'; readonly chosen: { readonly kind: string } | 'all' }
  | { readonly is: 'purge' }

async function run(argv: readonly string[]): Promise<void> {
  await runCommandWork({ name: 'tasks', help }, async () => {
    const { asked, setting } = parseCommand(argv)
    if (setting.is === 'embedded') {
      throw new BadValue(
        'the tasks of this server are in no broker (--tasks is embedded:). Name one: --tasks amqp://… or HOLDFAST_TASKS.',
      )
    }
    const admin = new QueueAdmin({ address: setting.broker })
    try {
      await doAsked(admin, asked)
      return true
    } catch (cause) {
      if (!(cause instanceof BrokerFailure)) throw cause
      failCommand(`holdfast tasks: ${cause.message}`, 1)
      return false
    } finally {
      await admin.close()
    }
  })
}

function parseCommand(argv: readonly string[]): {
  readonly asked: Asked
  readonly setting: TasksSetting
} {
  const { values, positionals } = parseFlags(argv)
  const [what = 'counts', ...more] = positionals
  if (more.length > 0) throw new BadValue(`"${more[0]}" is one word too many.`)
  const flags = (['tasks', 'config'] as const).flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [`--${name}=${value}`]
  })
  const asked = parseAsked(what, values)
  const parsed = readConfig(flags)
  if (parsed.is === 'mistakes') throw new BadValue(parsed.mistakes.join('\n  '))
  return { asked, setting: parsed.config.tasks }
}

type Values = ReturnType<typeof parseFlags>['values']

function parseAsked(what: string, { kind, all = false, limit }: Values): Asked {
  if (kind !== undefined && !isTaskKind(kind)) throw new BadValue(`"${kind}" is no kind of tasks.`)
  if (limit !== undefined && what !== 'dead') throw new BadValue('--limit goes with dead.')
  if (all && what !== 'requeue') throw new BadValue('--all goes with requeue.')
  switch (what) {
    case 'counts':
      return { is: 'counts', kinds: kind === undefined ? taskKinds : [kind] }
    case 'dead':
      if (kind !== undefined) throw new BadValue('dead lists all kinds.')
      return { is: 'dead', limit: wholeNumber(1, 10_000)(limit ?? '100') }
    case 'requeue':
      if ((kind === undefined) === !all) throw new BadValue('requeue needs --kind KIND or --all.')
      return { is: 'requeue', chosen: kind === undefined ? 'all' : { kind } }
    case 'purge-dead':
      if (kind !== undefined) throw new BadValue('purge-dead takes all kinds.')
      return { is: 'purge' }
    default:
      throw new BadValue(`there is no "tasks ${what}".`)
  }
}

function parseFlags(argv: readonly string[]) {
  try {
    const parsed = parseArgs({
      args: [...argv],
      tokens: true,
      allowPositionals: true,
      options: {
        kind: { type: 'string' },
        all: { type: 'boolean' },
        limit: { type: 'string' },
        tasks: { type: 'string' },
        config: { type: 'string' },
      },
    })
    requireOnce(parsed.tokens)
    return parsed
  } catch (cause) {
    throw new BadValue(cause instanceof Error ? cause.message : String(cause))
  }
}

async function doAsked(admin: QueueAdmin, asked: Asked): Promise<void> {
  switch (asked.is) {
    case 'counts': {
      const rows = []
      for (const kind of asked.kinds) rows.push(countRow(kind, await admin.countKind(kind)))
      return printTable([
        ['kind', 'waiting', 'consumers'],
        ...rows,
        countRow('(dead)', await admin.countDead()),
      ])
    }
    case 'dead': {
      const letters = await admin.listDead(asked.limit)
      if (letters.length === 0) return console.log('No dead letters.')
      return printTable([
        ['kind', 'task', 'tenant', 'died', 'last', 'reason'],
        ...letters.map(deadRow),
      ])
    }
    case 'requeue': {
      const { requeued, left } = await admin.requeueDead(asked.chosen)
      return console.log(`Put back: ${requeued}. Still dead: ${left}.`)
    }
    case 'purge':
      return console.log(`Done away with: ${await admin.purgeDead()}.`)
    default:
      return asked satisfies never
  }
}

function countRow(kind: string, count: QueueCount): readonly string[] {
  if (count.is === 'absent') return [kind, 'not used yet', '']
  return [kind, String(count.waiting), kind === '(dead)' ? '' : String(count.consumers)]
}

function deadRow({ kind, task, died, diedMs, reason }: DeadLetter): readonly string[] {
  const last = diedMs === undefined ? '?' : new Date(diedMs).toISOString()
  return [kind ?? '?', task?.id ?? '?', task?.tenantId ?? '?', String(died), last, reason].map(
    printable,
  )
}

/** What strangers wrote moves no cursor. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  for (const row of rows) {
    console.log(
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}
