// The audit log of `holdfast gateway`: the same settings and the same lines as those of a server. A worker, which serves
// no S3, leaves the file alone.
import assert from 'node:assert/strict'
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster } from '../../cluster/start-cluster.ts'
import { describe } from '../../support/describe.ts'
import { serverKey } from '../../support/start-server.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { exchange } from '../../support/wire-request.ts'
import { type Line, linesOf, textsOf } from './audit-fixture.ts'

describe('a gateway with an audit log', (test) => {
  const directory = makeTemporaryDirectory()
  test.after(() => directory.remove())

  test('writes each request, over SIGHUP and a clean stop, and says how the log is', async () => {
    mkdirSync(join(directory.path, 'logs'))
    const path = join(directory.path, 'logs', 'audit.log')
    const cluster = await Cluster.start({
      ...{ metadata: 'lmdb', tasks: 'embedded', services: 1, gateways: 1, workers: 1 },
      ...{ data: join(directory.path, 'data'), rootKey: serverKey },
      argv: ['--audit-log', `file:${path}`],
    })
    const [gateway] = cluster.of('gateway')
    const port = Number(new URL(gateway?.endpoint ?? '').port)
    const first = await exchange(port, { method: 'PUT', target: '/bkt' })
    while (textsOf(path).every(({ text }) => text === '')) await exchange(port, { target: '/' })
    renameSync(path, `${path}.1`)
    gateway?.process.child.kill('SIGHUP')
    while (textsOf(path).length < 2) await exchange(port, { target: '/' })
    const readiness = (await (await fetch(`${gateway?.admin}/readyz`)).json()) as Line
    assert.deepEqual([readiness.auditLog, readiness.auditLinesDropped], ['ok', 0])
    const last = await exchange(port, { method: 'PUT', target: '/bkt/k', body: 'some' })
    assert.deepEqual(await cluster.stop(), [])
    const lines = linesOf(path)
    const idOf = ({ headers }: typeof first) => headers.get('x-amz-request-id')
    assert.deepEqual(
      [lines[0], lines.at(-1)].map((line) => [line?.operation, line?.requestId, line?.status]),
      [
        ['CreateBucket', idOf(first), 200],
        ['PutObject', idOf(last), 200],
      ],
    )
  })
})
