// Forms of pages in other encodings than UTF-8, over raw sockets: only what is used can fail an upload.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import { signedForm } from '../support/signed-form.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, exchangeBytes } from '../support/wire-request.ts'

let server: RunningServer

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const named = (name: string) =>
  latin1(
    `Content-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain`,
  )

type Fields = Readonly<Record<string, string | Buffer>>

/** Status, and what the error document calls the error. */
async function post(fields: Fields, fileHead?: Buffer): Promise<string> {
  const form = { bucket: 'bkt', fields, ...(fileHead === undefined ? {} : { fileHead }) }
  const response = await exchangeBytes(server.port, signedForm(form), 'POST')
  return response.status < 300 ? `${response.status}` : `${response.status} ${codeOf(response)}`
}

async function shown(path: string, header: string): Promise<string | undefined> {
  const response = await exchange(server.port, { target: path })
  assert.equal(response.body.toString(), 'of a form')
  return response.headers.get(header)
}

// "datei ü.txt" in windows-1252, "表.txt" in Shift_JIS and in ISO-2022-JP, "č.txt" in windows-1250.
const oddNames = ['datei \xfc.txt', '\x95\\.txt', '\x1b$B&I\x1b(B.txt', '\xe8.txt', '\x95\\']

describe('forms of pages that are not in UTF-8', (test) => {
  test.before(async () => {
    server = await RunningServer.start()
    assert.equal((await exchange(server.port, { method: 'PUT', target: '/bkt' })).status, 200)
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('store the file, whatever the bytes of its name', async () => {
    for (const name of oddNames) {
      assert.equal(await post({ key: 'plain' }, named(name)), '204', name)
      assert.equal(await shown('/bkt/plain', 'content-type'), 'binary/octet-stream')
    }
    const oddType = latin1(`${named('a')}\xff; charset=\x83V\r\nContent-Transfer-Encoding: 8bit`)
    assert.equal(await post({ key: 'plain' }, oddType), '204')
  })

  test('are refused when a field asks for a name that is not UTF-8', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's placeholder.
    const fields = { key: 'user/${filename}' }
    for (const name of ['datei \xfc.txt', '\x95\\.txt', '\xe8.txt']) {
      assert.equal(await post(fields, named(name)), '400 InvalidArgument', name)
    }
    // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's placeholder.
    const described = { key: 'k', 'x-amz-meta-name': '${filename}' }
    assert.equal(await post(described, named('\xfc')), '400 InvalidArgument')
    const listed = await exchange(server.port, { target: '/bkt?prefix=user' })
    assert.ok(!listed.body.includes('<Key>'))
    const extended = latin1(
      `Content-Disposition: form-data; name="file"; filename*=utf-8''datei%20%C3%BC.txt`,
    )
    assert.equal(await post(fields, extended), '204')
    assert.equal(
      (await exchange(server.port, { target: '/bkt/user/datei%20%C3%BC.txt' })).status,
      200,
    )
  })

  test('keep the bytes of their fields where bytes are what counts', async () => {
    const sent = latin1('attachment; filename="Gr\xf6\xdfe \x80.txt"')
    const fields = { 'Content-Disposition': sent, 'x-amz-meta-a': latin1('Gr\xf6\xdfe') }
    assert.equal(await post({ key: 'bytes', ...fields }), '204')
    assert.equal(await shown('/bkt/bytes', 'content-disposition'), sent.toString('latin1'))
    assert.equal(await shown('/bkt/bytes', 'x-amz-meta-a'), '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=')
  })

  test('may have fields that nobody reads, in any encoding', async () => {
    const fields = { key: 'extra', 'x-ignore-city': latin1('Z\xfcrich'), _charset_: 'windows-1252' }
    assert.equal(await post({ ...fields, submit: latin1('\x91\x97\x90M') }), '204')
  })

  test('are refused when the key or the tags are not UTF-8', async () => {
    assert.equal(await post({ key: latin1('Z\xfcrich') }), '400 InvalidArgument')
    const tagging = '<Tagging><TagSet><Tag><Key>a</Key><Value>\xfc</Value></Tag></TagSet></Tagging>'
    assert.equal(await post({ key: 'tagged', tagging: latin1(tagging) }), '400 InvalidArgument')
    assert.equal(await post({ key: 'tagged', tagging }), '204')
  })
})
