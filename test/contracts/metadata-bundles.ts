// Contract of `BundleStore`.
import assert from 'node:assert/strict'
import type { Bundle, BundleId } from '../../metadata/bundle-store.ts'
import { parseBundleId, parseManifestId } from '../../metadata/record-ids.ts'
import { describe } from '../support/describe.ts'
import { type OpenStore, tenant, tenantId, withStore } from './metadata-fixture.ts'

function bundleId(number: number): BundleId {
  const id = parseBundleId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

function state(number: number): Bundle['states'][number] {
  const id = parseManifestId(number.toString(16).padStart(32, 'f'))
  assert.ok(id)
  return id
}

function bundle(number: number, more: Partial<Bundle> = {}): Bundle {
  return {
    bundleId: bundleId(number),
    tenantId,
    bucketName: 'files',
    createdBy: { userName: 'root', accessKeyId: 'AKIA' },
    fileName: 'für dich.zip',
    secretHash: Buffer.alloc(32, 1),
    tokenHash: Buffer.alloc(32, 2),
    windows: true,
    createdMs: 1_700_000_000_000,
    expiresMs: 1_700_000_000_000 + number,
    states: [state(1)],
    ...more,
  }
}

export function bundlesContract(name: string, open: OpenStore): void {
  describe(`${name}: bundles`, (test) => {
    test('a bundle is read as it was created, and created once', () =>
      withStore(open, async ({ bundles }) => {
        assert.deepEqual(await bundles.create(bundle(1)), { is: 'created' })
        assert.deepEqual(await bundles.create(bundle(1, { fileName: 'x' })), { is: 'exists' })
        assert.deepEqual(await bundles.get(bundleId(1)), bundle(1))
        assert.equal(await bundles.get(bundleId(2)), undefined)
      }))

    test('states are replaced by whoever knows the newest', () =>
      withStore(open, async ({ bundles }) => {
        await bundles.create(bundle(1))
        const change = { newest: state(1), states: [state(2), state(1)] }
        assert.deepEqual(await bundles.setStates(bundleId(1), change), { is: 'done' })
        assert.deepEqual(await bundles.setStates(bundleId(1), change), { is: 'changed' })
        assert.deepEqual(await bundles.setStates(bundleId(2), change), { is: 'noSuchBundle' })
        assert.deepEqual((await bundles.get(bundleId(1)))?.states, [state(2), state(1)])
      }))

    test('a tenant lists its own, in pages', () =>
      withStore(open, async ({ bundles }) => {
        for (const number of [3, 1, 2]) await bundles.create(bundle(number))
        await bundles.create(bundle(4, { tenantId: tenant('other') }))
        const first = await bundles.list(tenantId, { limit: 2 })
        assert.deepEqual(first, [bundle(1), bundle(2)])
        const rest = await bundles.list(tenantId, { after: bundleId(2), limit: 2 })
        assert.deepEqual(rest, [bundle(3)])
      }))

    test('expired ones are found until they are removed', () =>
      withStore(open, async ({ bundles }) => {
        for (const number of [1, 2, 3]) await bundles.create(bundle(number))
        const expiresBeforeMs = 1_700_000_000_003
        const page = { expiresBeforeMs, limit: 10 }
        assert.deepEqual(await bundles.expired(page), [bundle(1), bundle(2)])
        assert.deepEqual(await bundles.expired({ ...page, after: bundleId(1) }), [bundle(2)])
        await bundles.remove(bundleId(1))
        await bundles.remove(bundleId(1))
        assert.deepEqual(await bundles.expired(page), [bundle(2)])
        assert.deepEqual(await bundles.list(tenantId, { limit: 10 }), [bundle(2), bundle(3)])
      }))
  })
}
