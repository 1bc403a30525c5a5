// What is fetched for a bundle lives as long as the bundle, and no longer.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import type { FetchEntries } from '../../../gateway/bundles/external/fetch-entries.ts'
import {
  openSpool,
  type SpoolParts,
  spoolBody,
  sweepSpools,
} from '../../../gateway/bundles/external/spool.ts'
import {
  bundleLease,
  type FreezeParts,
  freezeBundle,
  holdNewBundle,
} from '../../../gateway/bundles/freeze-bundle.ts'
import { removeManifest } from '../../../gateway/zip/archives.ts'
import { ZipService } from '../../../gateway/zip/zip-service.ts'
import type { BundleId } from '../../../metadata/bundle-store.ts'
import { parseBundleId } from '../../../metadata/record-ids.ts'
import { describe } from '../../support/describe.ts'
import { GatewayHarness } from '../../support/gateway-harness.ts'
import { readZip } from '../../support/python-zip.ts'

const contents = ['small', 'l'.repeat(5_000_000)]
const day = 24 * 60 * 60_000

async function* streamOf(text: string): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < text.length; at += 65_536) yield Buffer.from(text.slice(at, at + 65_536))
}

function spoolOf(harness: GatewayHarness): SpoolParts {
  const { metadata, ingest, now } = harness.services
  return { metadata, ingest, random: randomBytes, now }
}

function bodyOf(text: string) {
  return { stream: streamOf(text), bytes: undefined, modifiedMs: undefined }
}

/** Gives contents of its own, whatever the URLs. */
function fetcher(harness: GatewayHarness): FetchEntries {
  return async (selections, { tenantId, keys, spooled }) => {
    const spool = spoolOf(harness)
    const bucket = await openSpool(spool, tenantId)
    const fetched = new Map()
    for (const [at, selection] of selections.entries()) {
      const stored = await spoolBody(spool, { bucket, keys }, bodyOf(contents[at] ?? ''))
      spooled.push(stored)
      const { key, rowId, size, crc32, modifiedMs } = stored.version
      const source = { bucketId: bucket.id, key, rowId }
      const name = `entry ${at}`
      fetched.set(selection, { name, isDirectory: false, size, crc32, modifiedMs, source })
    }
    return fetched
  }
}

function freezeParts(harness: GatewayHarness): FreezeParts {
  const { metadata, blobs, now } = harness.services
  const clock = () => performance.now()
  const zip = new ZipService({ metadata, blobs, random: randomBytes, now, clock })
  return { metadata, zip, random: randomBytes, now, fetchEntries: fetcher(harness) }
}

function newBundleId(): BundleId {
  const id = parseBundleId(randomBytes(16).toString('hex'))
  assert.ok(id !== undefined)
  return id
}

describe('the spool of fetched entries', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
  })
  test.after(() => harness.close())

  test('holds nothing once the bundle is frozen, whose lease holds the data', async () => {
    const { metadata, blobs } = harness.services
    const parts = freezeParts(harness)
    const bucket = await harness.makeBucket('files')
    const bundleId = newBundleId()
    await holdNewBundle(metadata, bundleId, harness.nowMs)
    const url = new URL('https://elsewhere.example/')
    const manifest = await freezeBundle(parts, {
      bucket,
      selections: contents.map((_, at) => ({ is: 'url', url, name: `entry ${at}` })),
      windows: false,
      keys: harness.keys,
    })
    // The manifest's own lease would do for a day: the bundle's has to do alone.
    await metadata.leases.letGo(manifest.manifestId)
    await harness.releaseAll()
    const spool = await openSpool(spoolOf(harness), harness.keys.tenantId)
    assert.deepStrictEqual(
      (await metadata.objects.list(spool, { prefix: '', limit: 10 })).entries,
      [],
    )
    const pieces: Buffer[] = []
    const range = { start: 0, end: manifest.totalBytes }
    for await (const batch of parts.zip.read(manifest, harness.keys, range)) pieces.push(...batch)
    assert.deepStrictEqual(
      readZip(Buffer.concat(pieces)),
      contents.map((text, at) => [`entry ${at}`, text]),
    )
    await metadata.leases.letGo(bundleLease(bundleId))
    await removeManifest(metadata, manifest.manifestId)
    await harness.releaseAll()
    assert.equal((await blobs.usage()).liveBytes, 0)
  })

  test('is cleared of what a process that died has left', async () => {
    const { metadata } = harness.services
    const spool = spoolOf(harness)
    const tenantId = harness.keys.tenantId
    await metadata.tenants.create(
      { id: tenantId, name: 'harness', createdMs: 0, sealedKey: Buffer.alloc(1) },
      {
        accessKeyId: 'AKIAHARNESS',
        tenantId,
        userName: 'root',
        status: 'active',
        createdMs: 0,
        sealedSecret: Buffer.alloc(1),
      },
    )
    const bucket = await openSpool(spool, tenantId)
    await spoolBody(spool, { bucket, keys: harness.keys }, bodyOf('left'))
    const count = async () =>
      (await metadata.objects.list(bucket, { prefix: '', limit: 10 })).entries.length
    await sweepSpools(metadata, harness.nowMs + day - 1000)
    assert.equal(await count(), 1)
    await sweepSpools(metadata, harness.nowMs + day + 1000)
    assert.equal(await count(), 0)
  })
})
