// boto3 with IAM and STS: all that boto3-identities-client.py does with them.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import { ClientServer, sourceFile, workerCounts } from './client-server.ts'
import { clientFor, describeWithClient } from './run-client.ts'

function identitiesTests(workers: number): void {
  describe(`boto3 with IAM and STS, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    test.before(async () => {
      server = await ClientServer.start(workers)
    })
    test.after(() => server.close())

    test('a team is set up, used and taken down', async () => {
      const python = clientFor(server, ['python3', sourceFile('boto3-identities-client.py')])
      const printed = await python.run(server.endpoint)
      assert.match(printed, /ends\n$/)
    })
  })
}

describeWithClient({ name: 'boto3', probe: ['python3', '-c', 'import boto3'] }, () => {
  for (const workers of workerCounts) identitiesTests(workers)
})
