// PostObject against the real embedded engines. Signatures of forms are tested where they are verified.

import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { anonymous } from '../../../../gateway/access/identity.ts'
import type { FormCall } from '../../../../gateway/s3/operation.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { headObject } from '../../../../gateway/s3/operations/head-object.ts'
import { makePostObject } from '../../../../gateway/s3/operations/post-object.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import { describe } from '../../../support/describe.ts'
import { bodyOfReply, GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { element } from '../../../support/multipart-client.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const bucket = 'forms'
const boundary = 'someboundary'
const file = random.bytes(100_000)

type Form = {
  readonly fields?: Readonly<Record<string, string>>
  readonly conditions?: readonly unknown[]
  readonly fileName?: string
  readonly file?: Buffer
  readonly bucket?: string
  readonly contentType?: string
  /** Sent without a signature. */
  readonly unsigned?: true
}

/** Conditions that allow any value of the fields of a form. */
const anything = [
  { bucket },
  ...['key', 'content-type', 'x-amz-meta-', 'success_action_status', 'success_action_redirect'].map(
    (field) => ['starts-with', `$${field}`, ''],
  ),
]

function encode({ fields = {}, conditions = anything, ...form }: Form): Buffer {
  const policy = { expiration: '2026-11-21T09:00:00.000Z', conditions }
  const all = {
    ...fields,
    policy: Buffer.from(JSON.stringify(policy)).toString('base64'),
    ...(form.unsigned === true ? {} : { 'x-amz-signature': 'good' }),
  }
  const parts = Object.entries(all).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${form.fileName ?? 'x.bin'}"\r\nContent-Type: application/x-file\r\n\r\n`
  return Buffer.concat([
    Buffer.from(parts.join('') + head),
    form.file ?? file,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
}

describe('PostObject', (test) => {
  let harness: GatewayHarness
  const PostObject = makePostObject(async (fields) =>
    fields.get('x-amz-signature') === 'good' ? harness.root : anonymous,
  )
  const postObject = { PostObject }
  const request = (form: Form, body = encode(form)) => ({
    bucket: form.bucket ?? bucket,
    headers: { 'content-type': form.contentType ?? `multipart/form-data; boundary=${boundary}` },
    body,
  })
  const post = (form: Form) => harness.run(postObject, request(form))
  const refusal = (form: Form) => harness.refusal(postObject, request(form))
  const isThere = async (key: string) => {
    const found = await harness.services.metadata.buckets.get(defaultNamespace, bucket)
    return (
      found !== undefined && (await harness.services.metadata.objects.get(found, key)) !== undefined
    )
  }

  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
  })
  test.after(() => harness.close())

  test('stores the file under the key of the form', async () => {
    const reply = await post({ fields: { key: 'a/b.bin' } })
    assert.equal(reply.status, 204)
    const etag = `"${createHash('md5').update(file).digest('hex')}"`
    assert.equal(headerOf(reply, 'etag'), etag)
    assert.equal(headerOf(reply, 'location'), `http://127.0.0.1/${bucket}/a/b.bin`)
    const stored = await harness.run(getObject, { bucket, key: 'a/b.bin' })
    assert.ok((await bodyOfReply(stored)).equals(file))
    assert.equal(headerOf(stored, 'content-type'), 'binary/octet-stream')
  })

  test('takes headers from fields, and none from the request', async () => {
    const fields = {
      key: 'described',
      'Content-Type': 'text/x-form',
      'X-Amz-Meta-Colour': 'bläu',
      'Cache-Control': 'no-cache',
      tagging: '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>',
    }
    const conditions = [
      ...anything,
      ['starts-with', '$x-amz-meta-colour', ''],
      ['eq', '$cache-control', 'no-cache'],
      ['starts-with', '$tagging', ''],
    ]
    await post({ fields, conditions })
    const head = await harness.run(headObject, { bucket, key: 'described' })
    assert.equal(headerOf(head, 'content-type'), 'text/x-form')
    assert.equal(headerOf(head, 'cache-control'), 'no-cache')
    assert.equal(headerOf(head, 'x-amz-tagging-count'), '1')
    assert.equal(headerOf(head, 'x-amz-meta-colour'), '=?UTF-8?Q?bl=C3=A4u?=')
  })

  test('puts the name of the file into the key, without its path', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's placeholder.
    const fields = { key: 'user/${filename}' }
    await post({ fields, fileName: 'C:\\dir\\ä.txt' })
    assert.ok(await isThere('user/ä.txt'))
  })

  test('answers 200, 201 with a document, or a redirection, as it was asked', async () => {
    const ok = await post({ fields: { key: 'k', success_action_status: '200' } })
    assert.equal(ok.status, 200)
    assert.equal(ok.body, undefined)
    const created = await post({ fields: { key: 'ä k', success_action_status: '201' } })
    assert.equal(created.status, 201)
    assert.equal(element(created, 'Key'), 'ä k')
    assert.equal(element(created, 'Location'), `http://127.0.0.1/${bucket}/%C3%A4%20k`)
    assert.match(element(created, 'ETag'), /^&quot;[0-9a-f]{32}&quot;$/)
    const redirect = { key: 'k', success_action_redirect: 'https://example.org/done?x=1' }
    const moved = await post({ fields: redirect })
    assert.equal(moved.status, 303)
    assert.match(
      headerOf(moved, 'location') ?? '',
      /^https:\/\/example\.org\/done\?x=1&bucket=forms&key=k&etag=%22[0-9a-f]{32}%22$/,
    )
  })

  test('holds the file to the sizes of the policy, and keeps nothing of another', async () => {
    const sized = (min: number, max: number) => ({
      fields: { key: `sized/${min}-${max}` },
      conditions: [...anything, ['content-length-range', min, max]],
    })
    await post(sized(file.length, file.length))
    const small = await refusal(sized(file.length + 1, file.length + 2))
    assert.equal(small.code, 'EntityTooSmall')
    assert.equal(small.details.MinSizeAllowed, `${file.length + 1}`)
    const large = await refusal(sized(1, file.length - 1))
    assert.equal(large.code, 'EntityTooLarge')
    assert.equal(large.details.MaxSizeAllowed, `${file.length - 1}`)
    assert.ok(await isThere(`sized/${file.length}-${file.length}`))
    assert.ok(!(await isThere(`sized/1-${file.length - 1}`)))
  })

  test('refuses what its policy does not allow', async () => {
    const code = async (form: Form) => (await refusal(form)).code
    const key = 'refused'
    assert.equal(await code({ fields: { key }, unsigned: true }), 'AccessDenied')
    assert.equal(await code({ fields: { key }, conditions: [{ bucket }] }), 'AccessDenied')
    assert.equal(
      await code({ fields: { key }, conditions: [...anything, ['starts-with', '$key', 'user/']] }),
      'AccessDenied',
    )
    assert.equal(await code({ fields: { key }, bucket: 'other' }), 'AccessDenied')
    const extra = await refusal({ fields: { key, 'x-amz-acl': 'private' } })
    assert.match(extra.message, /Extra input fields: x-amz-acl/)
    harness.nowMs += 3_600_000
    assert.equal(await code({ fields: { key } }), 'AccessDenied')
    harness.nowMs -= 3_600_000
    assert.ok(!(await isThere(key)))
  })

  test('refuses fields that ask for what a form cannot have, allowed or not', async () => {
    const code = async (fields: Readonly<Record<string, string>>) => {
      const allowed = Object.keys(fields).map((field) => ['starts-with', `$${field}`, ''])
      const form = { fields: { key: 'asked', ...fields }, conditions: [...anything, ...allowed] }
      return (await refusal(form)).code
    }
    assert.equal(await code({ acl: 'public-read' }), 'AccessControlListNotSupported')
    assert.equal(
      await code({ 'x-amz-grant-read': `id=${'a'.repeat(64)}` }),
      'AccessControlListNotSupported',
    )
    assert.equal(await code({ acl: 'private', 'x-amz-acl': 'private' }), 'InvalidArgument')
    assert.equal(await code({ 'x-amz-copy-source': 'forms/k' }), 'InvalidArgument')
    assert.equal(await code({ 'x-amz-if-match-size': '1' }), 'InvalidArgument')
    assert.equal(await code({ 'x-amz-object-lock-mode': 'GOVERNANCE' }), 'InvalidRequest')
    assert.equal(await code({ 'if-none-match': '*' }), 'NotImplemented')
    assert.equal(await code({ 'x-amz-if-new': '1' }), 'NotImplemented')
    assert.equal(await code({ 'x-amz-expected-bucket-owner': '111122223333' }), 'AccessDenied')
    assert.ok(!(await isThere('asked')))
  })

  test('takes nothing from beside the form, where no signature reaches', async () => {
    const form = { fields: { key: 'beside' } }
    const code = async (changes: {
      query?: string
      headers?: Readonly<Record<string, string>>
    }) => {
      const sent = request(form)
      const headers = { ...sent.headers, ...changes.headers }
      return (await harness.refusal(postObject, { ...sent, ...changes, headers })).code
    }
    assert.equal(await code({ query: 'versionId=null' }), 'InvalidArgument')
    assert.equal(await code({ query: 'partNumber=1' }), 'InvalidArgument')
    assert.equal(await code({ query: 'x-amz-acl=public-read' }), 'InvalidArgument')
    assert.equal(await code({ query: 'X-Amz-Signature=a&X-Amz-Algorithm=b' }), 'InvalidArgument')
    assert.equal(
      await code({ headers: { 'x-amz-object-lock-mode': 'GOVERNANCE' } }),
      'InvalidArgument',
    )
    assert.equal(await code({ headers: { 'if-none-match': '*' } }), 'NotImplemented')
    assert.equal(
      await code({ headers: { 'x-amz-expected-bucket-owner': '111122223333' } }),
      'AccessDenied',
    )
    assert.ok(!(await isThere('beside')))
    assert.equal((await harness.run(postObject, { ...request(form), query: 'x=y' })).status, 204)
  })

  test('checks the digests that fields bring', async () => {
    const code = async (field: string, value: string) => {
      const conditions = [...anything, ['starts-with', `$${field}`, '']]
      return (await refusal({ fields: { key: 'digests', [field]: value }, conditions })).code
    }
    assert.equal(await code('content-md5', Buffer.alloc(16).toString('base64')), 'BadDigest')
    assert.equal(await code('x-amz-checksum-crc32', 'AAAAAA=='), 'BadDigest')
    assert.ok(!(await isThere('digests')))
  })

  test('lets go of the request, however it ends', async () => {
    const forms: readonly Form[] = [
      { fields: { key: 'k' } },
      { fields: { key: 'k' }, unsigned: true },
    ]
    for (const form of forms) {
      let isOpen = false
      const watched = (call: FormCall) => {
        const stream = async function* () {
          isOpen = true
          try {
            yield* call.body.stream()
          } finally {
            isOpen = false
          }
        }
        return PostObject({ ...call, body: { ...call.body, stream } })
      }
      await harness.run({ PostObject: watched }, request(form)).catch(() => undefined)
      assert.ok(!isOpen)
    }
  })

  test('refuses forms that are none', async () => {
    const key = 'k'
    const code = async (form: Form, body?: Buffer) =>
      (await harness.refusal(postObject, request(form, body))).code
    assert.equal(
      await code({ fields: { key }, contentType: 'text/plain' }),
      'RequestIsNotMultiPartContent',
    )
    const cut = encode({ fields: { key: 'cut' } })
    assert.equal(await code({}, cut.subarray(0, -60)), 'MalformedPOSTRequest')
    assert.ok(!(await isThere('cut')))
    const empty = Buffer.from(`--${boundary}--\r\n`)
    assert.equal(await code({}, empty), 'IncorrectNumberOfFilesInPostRequest')
    assert.equal(await code({ fields: {} }), 'InvalidArgument')
    assert.equal(await code({ fields: { key: '' } }), 'UserKeyMustBeSpecified')
    const long = request({ fields: { key } })
    const error = await harness.refusal(postObject, { ...long, withoutLength: true })
    assert.equal(error.code, 'MissingContentLength')
  })
})
