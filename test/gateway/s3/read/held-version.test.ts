import { randomBytes } from 'node:crypto'
import { equal, ok } from 'uvu/assert'
import { ReadLeases } from '../../../../gateway/data/read/read-leases.ts'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { MetadataFull } from '../../../../metadata/metadata-full.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'

const size = 6 * 1024 * 1024

describe('a long GET', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('held')
  })
  test.after(() => harness.close())

  const put = (body: Buffer) => harness.run(putObject, { bucket: 'held', key: 'k', body })

  /** What is left in the outbox is what a hold keeps back. */
  const waiting = () => harness.services.metadata.outbox.depthEstimate()

  async function openGet() {
    const reply = await harness.run(getObject, { bucket: 'held', key: 'k' })
    ok(typeof reply.body === 'object' && 'open' in reply.body)
    return reply.body
  }

  test('is sent to its end though the object is replaced and deleted meanwhile', async () => {
    const first = randomBytes(size)
    await put(first)
    const body = await openGet()
    const pieces: Buffer[] = []
    for await (const batch of body.open()) {
      if (pieces.length === 0) {
        await put(randomBytes(size))
        await harness.run(deleteObject, { bucket: 'held', key: 'k' })
        await harness.releaseAll()
      }
      pieces.push(...batch)
    }
    ok(Buffer.concat(pieces).equals(first))
    await harness.services.readLeases.close()
    await harness.releaseAll()
    equal(await waiting(), 0)
    equal((await harness.node.usage()).chunks, 0)
  })

  test('that nobody reads, or breaks off, holds nothing back', async () => {
    await put(randomBytes(size))
    const dropped = await openGet()
    await dropped.drop?.()
    const brokenOff = await openGet()
    for await (const _ of brokenOff.open()) break
    await harness.services.readLeases.close()
    await harness.run(deleteObject, { bucket: 'held', key: 'k' })
    await harness.releaseAll()
    equal(await waiting(), 0)
  })

  test('is answered when there is no room to note that it reads', async () => {
    const content = randomBytes(size)
    await put(content)
    const { leases } = harness.services.metadata
    const full = new ReadLeases({
      leases: { ...leases, take: () => Promise.reject(new MetadataFull()) },
      random: randomBytes,
      owner: () => 'test',
      nowMs: Date.now,
    })
    const services = { readLeases: full }
    const reply = await harness.run(getObject, { bucket: 'held', key: 'k', services })
    ok(typeof reply.body === 'object' && 'open' in reply.body)
    const pieces: Buffer[] = []
    for await (const batch of reply.body.open()) pieces.push(...batch)
    ok(Buffer.concat(pieces).equals(content))
  })
})
