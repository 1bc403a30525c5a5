// A prefix is listed as of one moment: what happens when the moment is lost on the way, and which keys
// stand beside a folder, however far away that is.

import assert from 'node:assert/strict'
import { openPrefix } from '../../../gateway/zip/prefix-entries.ts'
import { manifestsOfTenant } from '../../../gateway/zip/tenant-manifests.ts'
import { triesPerFreeze } from '../../../gateway/zip/zip-limits.ts'
import type { FrozenMoment, ObjectStore } from '../../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { compareKeys } from '../../../protocol/s3/compare-keys.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'
import { bucket, ZipFixture } from './zip-fixture.ts'

type Frozen = Pick<ObjectStore, 'freezePage' | 'endFreeze'>

/** Loses the moment of so many lists, each with its second page. */
function losing(objects: Frozen, lists: number): Frozen & { begun: number } {
  return {
    begun: 0,
    async freezePage(ref, query) {
      if (query.moment === undefined) this.begun += 1
      else if (this.begun <= lists) return { is: 'snapshotExpired' }
      return objects.freezePage(ref, { ...query, limit: Math.min(query.limit, 2) })
    },
    endFreeze: (moment) => objects.endFreeze(moment),
  }
}

async function freezeLosing(fixture: ZipFixture, lists: number) {
  const { services, keys } = fixture.harness
  const ref = await services.metadata.buckets.get(defaultNamespace, bucket)
  assert.ok(ref)
  const objects = losing(services.metadata.objects, lists)
  const archive = { prefix: 'p/', windows: true }
  const freezing = fixture.zip.archives.freeze({
    tenantId: keys.tenantId,
    scope: 'test',
    options: 'test',
    emptyModifiedMs: 0,
    scopes: [{ is: 'prefix', bucketId: ref.id, prefix: 'p/' }],
    signal: AbortSignal.any([]),
    open: () => openPrefix(objects, ref, archive),
  })
  return { objects, freezing }
}

/** A listing that holds these keys and nothing else. */
function listingOf(keys: readonly string[]): Frozen & { looks: number } {
  const sorted = [...keys].sort(compareKeys)
  return {
    looks: 0,
    async freezePage(_bucket, { prefix, after, limit }) {
      this.looks += 1
      const found = sorted.filter(
        (key) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0),
      )
      const objects = found
        .slice(0, limit)
        .map((key) => ({ key, rowId: '0'.repeat(32), size: 1, crc32: 0, modifiedMs: 0 }))
      const moment = 'now' as FrozenMoment
      return { is: 'page', moment, objects, isTruncated: found.length > limit }
    },
    endFreeze: async () => {},
  }
}

async function namesOf(objects: Frozen, fixture: ZipFixture): Promise<readonly string[]> {
  const { services } = fixture.harness
  const ref = await services.metadata.buckets.get(defaultNamespace, bucket)
  assert.ok(ref)
  const names: string[] = []
  for await (const page of openPrefix(objects, ref, { prefix: '', windows: false }).pages()) {
    names.push(...page.map(({ name }) => name))
  }
  return names
}

describe('a prefix that is listed as of one moment', (test) => {
  let fixture: ZipFixture
  test.before(async () => {
    fixture = await ZipFixture.open()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await fixture.put(`p/${name}`, name)
  })
  test.after(() => fixture.harness.close())

  const manifests = () => {
    const { services, keys } = fixture.harness
    return manifestsOfTenant(services.metadata.manifests, keys.tenantId)
  }

  test('is begun again when the moment is lost, and refused with SlowDown when that goes on', async () => {
    const always = await freezeLosing(fixture, triesPerFreeze)
    const refusal = await always.freezing.then(
      () => undefined,
      (cause: unknown) => cause,
    )
    assert.ok(refusal instanceof S3Error && refusal.code === 'SlowDown')
    assert.equal(always.objects.begun, triesPerFreeze)
    assert.deepEqual(await manifests(), [])
    const once = await freezeLosing(fixture, 1)
    assert.equal((await once.freezing).entries, 5)
    assert.equal(once.objects.begun, 2)
    assert.equal((await manifests()).length, 1)
  })

  test('gives a key beside its folder another name, however far away the folder stands', async () => {
    const between = Array.from({ length: 2100 }, (_, i) => `a!${String(i).padStart(4, '0')}`)
    const near = ['b', 'b!', 'b-', 'b/x', 'c', 'c/', 'd', 'd0', 'e', 'e!', 'f/', 'f//']
    const objects = listingOf(['a', ...between, 'a/x', ...near])
    const beside = (await namesOf(objects, fixture)).filter((name) => name.includes('%~'))
    assert.deepEqual(beside, ['a%~', 'b%~', 'c%~', 'f/%_%~'])
    // Three pages, and one more look for the key whose folder is on none of the same page.
    assert.equal(objects.looks, 4)
  })

  test('does not ask for the folder of a key when the page tells', async () => {
    const pairs = Array.from({ length: 400 }, (_, i) => [`k${i}`, `k${i}.txt`]).flat()
    const objects = listingOf(pairs)
    assert.equal((await namesOf(objects, fixture)).filter((name) => name.includes('%~')).length, 0)
    assert.equal(objects.looks, 1)
  })
})
