// `npm run cluster -- --data DIR [--json]`: a cluster on this machine, for whoever wants to look at one. It prints what
// there is when all is ready, and stops all of it on SIGTERM or SIGINT.
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { Cluster, usualPlan } from './start-cluster.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
    metadata: { type: 'string', default: usualPlan.metadata },
    tasks: { type: 'string', default: usualPlan.tasks },
    services: { type: 'string', default: String(usualPlan.services) },
    gateways: { type: 'string', default: String(usualPlan.gateways) },
    workers: { type: 'string', default: String(usualPlan.workers) },
  },
})

const usage = `npm run cluster -- --data DIR [--json]
  [--metadata mongodb|lmdb] [--tasks rabbitmq|embedded] [--services N] [--gateways N] [--workers N]
MONGODB_URI and AMQP_URL name a database and a broker; else those for tests are started.`

function fail(why: string): never {
  console.error(`${why}\n${usage}`)
  process.exit(2)
}

function countOf(name: 'services' | 'gateways' | 'workers'): number {
  const count = Number(values[name])
  if (!Number.isInteger(count) || count < 1 || count > 16) fail(`--${name}: 1 to 16`)
  return count
}

const { data, metadata, tasks } = values
if (data === undefined) fail('--data is needed')
if (metadata !== 'mongodb' && metadata !== 'lmdb') fail('--metadata: mongodb or lmdb')
if (tasks !== 'rabbitmq' && tasks !== 'embedded') fail('--tasks: rabbitmq or embedded')

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
})
const rootKey = {
  accessKeyId: `HF${randomBytes(9).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64'),
}
const counts = {
  services: countOf('services'),
  gateways: countOf('gateways'),
  workers: countOf('workers'),
}
const cluster = await Cluster.start({ data, metadata, tasks, rootKey, ...counts })
const parts = cluster.parts.map(({ name, role, endpoint, admin, process: { child } }) => ({
  ...{ name, role, endpoint, pid: child.pid },
  ...(admin === undefined ? {} : { admin }),
}))
if (values.json) console.log(JSON.stringify({ parts, ...rootKey }))
else {
  for (const { name, endpoint, pid } of parts) console.log(`${name}  ${endpoint}  (pid ${pid})`)
  console.log(`access key ${rootKey.accessKeyId}  secret key ${rootKey.secretAccessKey}`)
}
await stopped
const failures = await cluster.stop()
for (const failure of failures) console.error(failure)
process.exit(failures.length === 0 ? 0 : 1)
