import assert from 'node:assert'
import { parseSuccessAction, redirectLocation } from '../../../protocol/s3/post-object-fields.ts'
import { describe } from '../../support/describe.ts'

const action = (values: Readonly<Record<string, string>>) =>
  parseSuccessAction(new Map(Object.entries(values)))
const object = { bucket: 'b', key: 'a b/ä&c', etag: 'abc' }

describe('the answer a form asks for', (test) => {
  test('is 204 unless it is 200 or 201', () => {
    assert.deepEqual(action({}), { is: 'status', status: 204 })
    for (const status of [200, 201, 204]) {
      assert.deepEqual(action({ success_action_status: `${status}` }), { is: 'status', status })
    }
    for (const raw of ['', '202', '500', 'x']) {
      assert.deepEqual(action({ success_action_status: raw }), { is: 'status', status: 204 })
    }
  })

  test('is a redirection before all else', () => {
    const asked = { success_action_redirect: 'https://x.org/done', success_action_status: '201' }
    assert.equal(action(asked).is, 'redirect')
    assert.equal(action({ redirect: 'http://x.org' }).is, 'redirect')
  })

  test('is no redirection to what is no web address', () => {
    for (const url of ['done', '/done', 'javascript:alert(1)', 'http://', 'data:text/html,x']) {
      assert.deepEqual(action({ success_action_redirect: url }), { is: 'status', status: 204 })
    }
  })
})

describe('the address of a redirection', (test) => {
  const added = 'bucket=b&key=a%20b%2F%C3%A4%26c&etag=%22abc%22'

  test('has the object in its query', () => {
    assert.equal(
      redirectLocation(new URL('http://x.org/done'), object),
      `http://x.org/done?${added}`,
    )
  })

  test('keeps the query and the fragment it had', () => {
    assert.equal(
      redirectLocation(new URL('http://x.org/done?a=1#end'), object),
      `http://x.org/done?a=1&${added}#end`,
    )
  })

  test('never breaks its header line', () => {
    const location = redirectLocation(new URL('http://x.org/a\r\nset-cookie:x?ä'), object)
    assert.match(location, /^[\x21-\x7e]+$/)
  })
})
