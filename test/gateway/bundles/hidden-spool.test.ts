// What is gathered for bundles lies in a bucket that belongs to the server: no request finds it, whatever
// it writes in its path, headers or payload.

import assert from 'node:assert'
import { hiddenNamespace } from '../../../metadata/namespaces.ts'
import { formatContinuationToken } from '../../../protocol/s3/continuation-token.ts'
import { describe } from '../../support/describe.ts'
import { exchange, type WireRequest } from '../../support/wire-request.ts'
import { GatheringServer } from './gathering-fixture.ts'
import { type Answer, gate } from './https-origin.ts'

const spool = '-%2Fspool'
const [asked, release] = [gate(), gate()]
const answers: Readonly<Record<string, Answer>> = {
  '/small': (response) => response.end('small'),
  '/held': async (response) => {
    asked.open()
    await release.opened
    response.end('held')
  },
}

const deletion = '<Delete><Object><Key>KEY</Key></Object></Delete>'
const tagging = '<Tagging><TagSet></TagSet></Tagging>'
const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'

/** `KEY` is the key of an object that lies there. */
const requests: readonly WireRequest[] = [
  ...['GET', 'HEAD', 'PUT', 'DELETE'].flatMap((method) => [
    { method, target: `/${spool}` },
    { method, target: `/${spool}/KEY`, ...(method === 'PUT' ? { body: 'mine' } : {}) },
  ]),
  ...[
    ...['list-type=2', 'versions', 'uploads', 'location', 'tagging', 'versioning', 'zip'],
    ...['zip&prefix='],
  ].map((query) => ({ target: `/${spool}?${query}` })),
  ...['attributes', 'tagging', 'zip', 'uploadId=x'].map((query) => ({
    target: `/${spool}/KEY?${query}`,
    headers: { 'x-amz-object-attributes': 'ETag' },
  })),
  { method: 'POST', target: `/${spool}?delete`, body: deletion },
  { method: 'POST', target: `/${spool}/KEY?uploads`, body: '' },
  { method: 'PUT', target: `/${spool}?tagging`, body: tagging },
  { method: 'PUT', target: `/${spool}?versioning`, body: versioning },
  { method: 'PUT', target: `/${spool}/KEY?tagging`, body: tagging },
  ...['-%2Fspool/KEY', '/-%2Fspool/KEY', '-/spool/KEY', '/-/spool/KEY', '-%252Fspool/KEY'].map(
    (source) => ({
      method: 'PUT',
      target: '/files/copy',
      headers: { 'x-amz-copy-source': source },
    }),
  ),
  { method: 'PUT', target: `/${spool}/copy`, headers: { 'x-amz-copy-source': '/files/own' } },
  { target: '/-/spool/KEY' },
  { target: '/-//spool/KEY' },
]

const ownRequests: readonly (readonly [target: string, json: object])[] = [
  ['/-/bundles', { bucket: '-/spool', entries: [{ prefix: '' }] }],
  ['/-/bundles?download', { bucket: '-/spool', entries: [{ key: 'KEY' }] }],
  ['/-/archives', { bucket: '-/spool', destination: { bucket: 'files', key: 'x' } }],
  ['/-/archives', { bucket: 'files', destination: { bucket: '-/spool', key: 'KEY' } }],
]

describe('the bucket of gathered entries', (test) => {
  let gatherer: GatheringServer
  test.before(async () => {
    gatherer = await GatheringServer.start(answers)
  })
  test.after(() => gatherer.stop())

  test('is there for no request, and what lies there stays what it is', async () => {
    await gatherer.put('own', 'own')
    const { port, stores } = gatherer.server
    const bundle = await gatherer.begin([
      { url: gatherer.url('/small'), name: 'small' },
      { url: gatherer.url('/held'), name: 'held' },
    ])
    const working = gatherer.work()
    await asked.opened
    const [tenant] = (await stores.metadata.tenants.list({ limit: 1 })).tenants
    const bucket =
      tenant && (await stores.metadata.buckets.get(hiddenNamespace(tenant.id), '-/spool'))
    assert.ok(bucket !== undefined)
    const [entry] = (await stores.metadata.objects.list(bucket, { prefix: '', limit: 1 })).entries
    const key = entry?.is === 'object' ? entry.key : assert.fail('nothing was gathered')
    const named = (text: string) => text.replace('KEY', key)
    for (const request of requests) {
      const { target, headers = {}, body } = request
      const source = headers['x-amz-copy-source']
      const response = await exchange(port, {
        ...request,
        target: named(target),
        headers: { ...headers, ...(source && { 'x-amz-copy-source': named(source) }) },
        ...(typeof body === 'string' ? { body: named(body) } : {}),
      })
      const what = `${request.method ?? 'GET'} ${target} ${source ?? ''}`
      assert.ok([400, 403, 404, 405].includes(response.status), `${what}: ${response.status}`)
    }
    for (const [target, json] of ownRequests) {
      const response = await gatherer.post(target, JSON.parse(named(JSON.stringify(json))))
      assert.equal(response.status, 404, `${target}: ${response.body}`)
    }
    for (const after of ['', '!', '-', '-/', '-/spoo']) {
      const token = formatContinuationToken('buckets', { key: after, group: false })
      const target = `/?continuation-token=${encodeURIComponent(token)}&prefix=`
      const response = await exchange(port, { target })
      assert.doesNotMatch(response.body.toString(), /spool/)
      assert.match(response.body.toString(), /<Name>files<\/Name>/)
    }
    release.open()
    await working
    assert.equal((await gatherer.shown(bundle)).state, 'ready')
    assert.equal((await gatherer.download(bundle)).status, 200)
  })
})
