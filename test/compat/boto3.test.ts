// boto3: all that boto3-client.py does with it.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import { ClientServer, sourceFile, workerCounts } from './client-server.ts'
import { clientFor, describeWithClient } from './run-client.ts'

function boto3Tests(workers: number): void {
  describe(`boto3, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    test.before(async () => {
      server = await ClientServer.start(workers)
    })
    test.after(() => server.close())

    test('buckets, objects, checksums, managed transfers, versions, CORS rules, presigned addresses, listings', async () => {
      const python = clientFor(server, ['python3', sourceFile('boto3-client.py')])
      const printed = await python.run(server.endpoint, server.folder)
      assert.match(printed, /listings\n$/)
    })
  })
}

describeWithClient({ name: 'boto3', probe: ['python3', '-c', 'import boto3, awscrt'] }, () => {
  for (const workers of workerCounts) boto3Tests(workers)
})
