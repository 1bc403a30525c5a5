// Contract of ACLs: who owns a version and what is granted on it, kept with it from its commit on.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { drawCommitId } from '../../metadata/commit-id.ts'
import type { BucketRef, MetadataStore } from '../../metadata/metadata-store.ts'
import type { Upload, VersionId, VersioningStatus } from '../../metadata/records.ts'
import { type ObjectAcl, toAccount, toGroup } from '../../protocol/s3/acl/acl.ts'
import { describe } from '../support/describe.ts'
import {
  look,
  makeBucket,
  newVersion,
  type OpenStore,
  put,
  remove,
  withStore,
} from './metadata-fixture.ts'
import { completion, newUpload, part } from './metadata-upload-fixture.ts'

const writer = 'a'.repeat(64)
const ofWriter: ObjectAcl = {
  owner: writer,
  grants: [toAccount(writer, 'FULL_CONTROL'), toGroup('AllUsers', 'READ')],
}
const ofBucketOwner: ObjectAcl = { grants: [toGroup('AuthenticatedUsers', 'READ_ACP')] }
const others = [toGroup('LogDelivery', 'WRITE'), toAccount('b'.repeat(64), 'WRITE_ACP')]

async function putWithAcl(
  store: MetadataStore,
  bucket: BucketRef,
  { key = 'k', acl, body = 'x' }: { key?: string; acl: ObjectAcl; body?: string },
): Promise<VersionId> {
  const version = newVersion(bucket, key, { body })
  const done = await store.objects.commit({ ...version, content: { ...version.content, acl } })
  assert.ok(done.is === 'committed')
  return done.versionId
}

async function versionOf(store: MetadataStore, bucket: BucketRef, versionId?: VersionId) {
  const found = await store.objects.get(bucket, 'k', versionId)
  assert.ok(found?.is === 'object')
  return found
}

export function aclsContract(name: string, open: OpenStore): void {
  describe(`${name}: ACLs`, (test) => {
    test('a version keeps the ACL that it was committed with, and one without has none', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const acl of [ofWriter, ofBucketOwner, { grants: [] }]) {
          await putWithAcl(store, bucket, { acl })
          assert.deepEqual((await versionOf(store, bucket)).acl, acl)
        }
        await put(store, bucket, 'k')
        assert.ok(!('acl' in (await versionOf(store, bucket))))
      }))

    test('listings name the owner where it is not that of the bucket', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        await putWithAcl(store, bucket, { key: 'a', acl: ofWriter })
        await putWithAcl(store, bucket, { key: 'a', acl: ofBucketOwner })
        await putWithAcl(store, bucket, { key: 'b', acl: ofWriter })
        await put(store, bucket, 'c')
        const page = { prefix: '', limit: 9 }
        const owners = (entries: readonly object[]) =>
          entries.map((entry) => ('owner' in entry ? entry.owner : undefined))
        const current = await store.objects.list(bucket, page)
        assert.deepEqual(owners(current.entries), [undefined, writer, undefined])
        const all = await store.objects.listVersions(bucket, page)
        assert.deepEqual(owners(all.entries), [undefined, writer, writer, undefined])
      }))

    for (const versioning of ['off', 'enabled', 'suspended'] satisfies VersioningStatus[]) {
      test(`grants are set on one version and leave all else of it as it is (versioning ${versioning})`, () =>
        withStore(open, async (store) => {
          const bucket = await makeBucket(store, 'one', versioning)
          const older = await putWithAcl(store, bucket, { acl: ofBucketOwner, body: 'older' })
          const newer = await putWithAcl(store, bucket, { acl: ofWriter, body: 'newer' })
          const before = await versionOf(store, bucket)
          const tagged = { tags: [{ key: 'a', value: 'b' }] }
          await store.objects.setTags(bucket, 'k', tagged)
          const { rowId } = before
          const answer = await store.objects.setGrants(bucket, 'k', { rowId, grants: others })
          assert.deepEqual(answer, { is: 'done', versionId: newer })
          const acl = { owner: writer, grants: others }
          assert.deepEqual(await versionOf(store, bucket), { ...before, ...tagged, acl })
          if (versioning !== 'enabled') return
          assert.deepEqual((await versionOf(store, bucket, older)).acl, ofBucketOwner)
          const old = await versionOf(store, bucket, older)
          await store.objects.setGrants(bucket, 'k', { rowId: old.rowId, grants: [] })
          assert.deepEqual((await versionOf(store, bucket, older)).acl, { grants: [] })
          assert.deepEqual((await versionOf(store, bucket)).acl, acl)
        }))
    }

    test('grants are not set on a version that another has replaced, on a marker, or where nothing is', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putWithAcl(store, bucket, { acl: ofWriter, body: 'old' })
        const { rowId } = await versionOf(store, bucket)
        await putWithAcl(store, bucket, { acl: ofBucketOwner, body: 'new' })
        const change = { rowId, grants: others }
        const gone = { is: 'noSuchVersion' }
        assert.deepEqual(await store.objects.setGrants(bucket, 'k', change), gone)
        assert.deepEqual((await versionOf(store, bucket)).acl, ofBucketOwner)
        assert.deepEqual(await store.objects.setGrants(bucket, 'other', change), gone)
        const kept = await makeBucket(store, 'kept', 'enabled')
        await remove(store, kept, 'k')
        const marker = await store.objects.get(kept, 'k')
        assert.ok(marker?.is === 'deleteMarker')
        const onMarker = { rowId: marker.rowId, grants: others }
        assert.deepEqual(await store.objects.setGrants(kept, 'k', onMarker), gone)
        assert.equal(await look(store, kept, 'k'), 'marker')
      }))

    test('grants set once stay as others have set them since', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'k')
        const { rowId } = await versionOf(store, bucket)
        const named = () => ({ commitId: drawCommitId(1_700_000_000_000, randomBytes) })
        const id = named()
        const first = await store.objects.setGrants(bucket, 'k', { rowId, grants: others }, id)
        assert.equal(first.is, 'done')
        await store.objects.setGrants(bucket, 'k', { rowId, grants: [] }, named())
        const again = await store.objects.setGrants(bucket, 'k', { rowId, grants: others }, id)
        assert.deepEqual(again, first)
        assert.deepEqual((await versionOf(store, bucket)).acl, { grants: [] })
      }))

    test('an upload keeps the ACL that it was begun with, for the version that it becomes', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const begun = await store.uploads.create(bucket, { ...newUpload('k'), acl: ofWriter })
        assert.ok(begun.is === 'created')
        const upload: Upload = begun.upload
        assert.deepEqual(upload.acl, ofWriter)
        assert.deepEqual((await store.uploads.get(bucket, upload))?.acl, ofWriter)
        const listed = await store.uploads.list(bucket, { prefix: '', limit: 9 })
        assert.deepEqual(
          listed.entries.map((entry) => entry.is !== 'prefix' && entry.acl),
          [ofWriter],
        )
        await store.uploads.commitPart(bucket, upload, part(1))
        const wanted = await completion(store, { bucket, upload }, [1])
        const content = { ...wanted.content, acl: ofWriter }
        assert.equal((await store.uploads.complete({ ...wanted, content })).is, 'committed')
        assert.deepEqual((await versionOf(store, bucket)).acl, ofWriter)
      }))
  })
}
