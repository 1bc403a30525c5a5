// What is gathered for a bundle lives as long as the bundle, and no longer.

import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import type { Gathered } from '../../../gateway/bundles/external/gather-sources.ts'
import {
  emptySpool,
  openSpool,
  type SpoolDeps,
  spoolBody,
  sweepSpools,
} from '../../../gateway/bundles/external/spool.ts'
import {
  type FreezeDeps,
  fillManifest,
  freezeBundle,
  keptUntil,
} from '../../../gateway/bundles/freeze-bundle.ts'
import { removeManifest } from '../../../gateway/zip/manifest-cache.ts'
import { ZipService } from '../../../gateway/zip/zip-service.ts'
import type { Bundle } from '../../../metadata/bundle-store.ts'
import type { Manifest } from '../../../metadata/manifest-store.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { parseBundleId } from '../../../metadata/record-ids.ts'
import { describe } from '../../support/describe.ts'
import { GatewayHarness } from '../../support/gateway-harness.ts'
import { readZip } from '../../support/python-zip.ts'

const contents = ['small', '', 'l'.repeat(5_000_000)]

async function* streamOf(text: string): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < text.length; at += 65_536) yield Buffer.from(text.slice(at, at + 65_536))
}

function spoolOf(harness: GatewayHarness): SpoolDeps {
  const { metadata, ingest, now } = harness.services
  return { metadata, ingest: async () => ingest, now }
}

function freezeParts(harness: GatewayHarness): FreezeDeps {
  const { metadata, blobs, now } = harness.services
  const clock = () => performance.now()
  const zip = new ZipService({ metadata, blobs, random: randomBytes, now, clock })
  return { metadata, zip, random: randomBytes }
}

function newBundle(harness: GatewayHarness, { manifestId }: Manifest): Bundle {
  const bundleId = parseBundleId(randomBytes(16).toString('hex'))
  assert.ok(bundleId !== undefined)
  return {
    bundleId,
    tenantId: harness.keys.tenantId,
    bucketName: 'files',
    createdBy: { userName: 'root', accessKeyId: 'AKIAHARNESS' },
    fileName: 'x.zip',
    secretHash: Buffer.alloc(32),
    tokenHash: Buffer.alloc(32),
    windows: false,
    createdMs: harness.nowMs,
    expiresMs: harness.nowMs + 1,
    states: [manifestId],
    revision: 1,
  }
}

/** A list in which an entry from elsewhere has its place for each of the contents. */
async function freezeEmpty(harness: GatewayHarness): Promise<Manifest> {
  const url = new URL('https://elsewhere.example/')
  return freezeBundle(freezeParts(harness), {
    bucket: await harness.makeBucket('files'),
    selections: contents.map((_, at) => ({
      is: 'external',
      source: { is: 'url', url },
      name: `entry ${at}`,
    })),
    windows: false,
    readable: new Map(),
    signal: AbortSignal.any([]),
  })
}

async function spoolContents(harness: GatewayHarness, manifest: Manifest): Promise<Gathered> {
  const spool = spoolOf(harness)
  const bucket = await openSpool(spool, harness.keys.tenantId)
  const gathered = new Map()
  for (const [number, text] of contents.entries()) {
    const place = { bucket, manifestId: manifest.manifestId, number }
    const body = { stream: streamOf(text), bytes: undefined, modifiedMs: 1_700_000_000_000 }
    const { key, rowId, ...entry } = await spoolBody(spool, { place, keys: harness.keys }, body)
    const source = entry.size === 0 ? {} : { source: { bucketId: bucket.id, key, rowId } }
    gathered.set(`entry ${number}`, { ...entry, ...source })
  }
  return gathered
}

async function countSpooled(harness: GatewayHarness): Promise<number> {
  const bucket = await openSpool(spoolOf(harness), harness.keys.tenantId)
  const { objects } = harness.services.metadata
  return (await objects.list(bucket, { prefix: '', limit: 10 })).entries.length
}

describe('the spool of gathered entries', (test) => {
  let harness: GatewayHarness
  test.beforeEach(async () => {
    harness = await GatewayHarness.open()
  })
  test.afterEach(() => harness.close())

  test('holds nothing once the bundle is frozen, whose lease holds the data', async () => {
    const { metadata } = harness.services
    const parts = freezeParts(harness)
    const empty = await freezeEmpty(harness)
    const gathered = await spoolContents(harness, empty)
    const manifest = await fillManifest(parts, {
      manifest: empty,
      windows: false,
      gathered,
      signal: AbortSignal.any([]),
    })
    await removeManifest(metadata, empty.manifestId)
    const { tenantId } = harness.keys
    const bundle = newBundle(harness, manifest)
    assert.deepEqual(await metadata.bundles.create(bundle, keptUntil(bundle)), { is: 'created' })
    await emptySpool(spoolOf(harness), { tenantId, manifestId: empty.manifestId })
    assert.equal(await countSpooled(harness), 0)
    // The manifest's own lease has been handed over: the bundle's has to do alone.
    const own = await metadata.leases.renew(manifest.manifestId, 0)
    assert.deepEqual(own, { is: 'gone' })
    await harness.releaseAll()
    const pieces: Buffer[] = []
    const range = { start: 0, end: manifest.totalBytes }
    for await (const batch of parts.zip.read(manifest, harness.keys, range)) pieces.push(...batch)
    assert.deepStrictEqual(
      readZip(Buffer.concat(pieces)),
      contents.map((text, at) => [`entry ${at}`, text]),
    )
    assert.equal(manifest.modifiedMs, 1_700_000_000_000)
    await metadata.bundles.remove(bundle.bundleId)
    await removeManifest(metadata, manifest.manifestId)
    await harness.releaseAll()
    assert.equal((await harness.node.usage()).liveBytes, 0)
  })

  test('is cleared of what was gathered for a list that is gone', async () => {
    const { metadata } = harness.services
    const { tenantId } = harness.keys
    await metadata.tenants.create(
      {
        id: tenantId,
        name: 'harness',
        namespace: defaultNamespace,
        createdMs: 0,
        ...{ revision: 1, status: 'active', quota: {} },
        sealedKey: Buffer.alloc(1),
      },
      {
        accessKeyId: 'AKIAHARNESS',
        tenantId,
        userName: 'root',
        status: 'active',
        createdMs: 0,
        sealedSecret: Buffer.alloc(1),
      },
    )
    const empty = await freezeEmpty(harness)
    await spoolContents(harness, empty)
    await sweepSpools(metadata, harness.nowMs)
    assert.equal(await countSpooled(harness), contents.length)
    await removeManifest(metadata, empty.manifestId)
    await sweepSpools(metadata, harness.nowMs)
    assert.equal(await countSpooled(harness), 0)
  })
})
