// Who waits for work that several share.
import assert from 'node:assert'
import { Audience } from '../../../gateway/zip/audience.ts'
import { describe } from '../../support/describe.ts'

describe('those who wait for shared work', (test) => {
  test('end it when the last of them goes, for that one’s reason', () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const audience = new Audience(first.signal)
    assert.equal(audience.join(second.signal), true)
    first.abort()
    assert.equal(audience.signal.aborted, false)
    const reason = new Error('gone')
    second.abort(reason)
    assert.equal(audience.signal.reason, reason)
  })

  test('are joined by nobody once they have all gone', () => {
    const audience = new Audience(AbortSignal.abort())
    assert.equal(audience.signal.aborted, true)
    assert.equal(audience.join(new AbortController().signal), false)
  })

  test('may be joined by one who goes at once', () => {
    const audience = new Audience(new AbortController().signal)
    assert.equal(audience.join(AbortSignal.abort()), true)
    assert.equal(audience.signal.aborted, false)
  })
})
