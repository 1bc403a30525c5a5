// Keys of 1,024 NULs, over raw sockets: the longest rows that a client can bring about.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import { exchange, type WireRequest } from '../support/wire-request.ts'

let server: RunningServer
const keys = Array.from({ length: 12 }, (_, index) => '%00'.repeat(1024 - index))
const [longest = ''] = keys
const tooLong = '%00'.repeat(1025)

async function send(
  method: string,
  target: string,
  request: Partial<WireRequest> = {},
): Promise<RawResponse> {
  const response = await exchange(server.port, { method, target, ...request })
  assert.ok(response.status < 300, `${method} ${target.slice(-60)}: ${response.status}`)
  return response
}

function textsOf(response: RawResponse, element: string): string[] {
  const found = response.body
    .toString()
    .matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))
  return Array.from(found, ([, text]) => text ?? '')
}

/** Of all pages. */
async function versionsOf(bucket: string): Promise<{ key: string; versionId: string }[]> {
  const versions: { key: string; versionId: string }[] = []
  let from = ''
  for (;;) {
    const page = await send('GET', `/${bucket}?encoding-type=url&max-keys=7${from}&versions=`)
    const ids = textsOf(page, 'VersionId')
    versions.push(...textsOf(page, 'Key').map((key, at) => ({ key, versionId: ids[at] ?? '' })))
    const [marker] = textsOf(page, 'NextKeyMarker')
    if (marker === undefined) return versions
    from = `&key-marker=${marker}&version-id-marker=${textsOf(page, 'NextVersionIdMarker')[0]}`
  }
}

describe('keys of 1,024 NULs', (test) => {
  test.before(async () => {
    server = await RunningServer.start()
    await send('PUT', '/bkt')
    const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
    await send('PUT', '/bkt?versioning=', { body: enabled })
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('are put, read, listed and deleted in all their versions', async () => {
    for (const round of [1, 2, 3]) {
      for (const key of keys) await send('PUT', `/bkt/${key}`, { body: `body ${round}` })
    }
    assert.equal((await send('GET', `/bkt/${longest}`)).body.toString(), 'body 3')
    const listed = await send('GET', '/bkt?encoding-type=url&list-type=2')
    assert.deepEqual(textsOf(listed, 'Key'), [...keys].reverse())
    for (const key of keys) await send('DELETE', `/bkt/${key}`)
    const versions = await versionsOf('bkt')
    assert.deepEqual(
      versions.map(({ key }) => key),
      [...keys].reverse().flatMap((key) => [key, key, key, key]),
    )
    for (const { key, versionId } of versions) {
      await send('DELETE', `/bkt/${key}?versionId=${versionId}`)
    }
    assert.deepEqual(await versionsOf('bkt'), [])
  })

  test('are uploaded in parts, listed while they are, and aborted', async () => {
    for (const key of keys) {
      const made = await send('POST', `/bkt/${key}?uploads=`)
      const [uploadId = ''] = textsOf(made, 'UploadId')
      const part = await send('PUT', `/bkt/${key}?partNumber=1&uploadId=${uploadId}`, {
        body: 'a part',
      })
      const uploads = await send('GET', '/bkt?encoding-type=url&uploads=')
      assert.deepEqual(textsOf(uploads, 'Key'), [key])
      if (key === longest) {
        await send('DELETE', `/bkt/${key}?uploadId=${uploadId}`)
        continue
      }
      const etag = part.headers.get('etag') ?? ''
      const named = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`
      await send('POST', `/bkt/${key}?uploadId=${uploadId}`, {
        body: `<CompleteMultipartUpload>${named}</CompleteMultipartUpload>`,
      })
      assert.equal((await send('GET', `/bkt/${key}`)).body.toString(), 'a part')
    }
    for (const { key, versionId } of await versionsOf('bkt')) {
      await send('DELETE', `/bkt/${key}?versionId=${versionId}`)
    }
    await send('DELETE', '/bkt')
  })

  test('may not have one more', async () => {
    const { status, body } = await exchange(server.port, {
      method: 'PUT',
      target: `/bkt/${tooLong}`,
    })
    assert.equal(status, 400)
    assert.match(body.toString(), /<Code>KeyTooLongError</)
  })
})
