// The setting `tasks`: what it means, and what is told of mistakes in it.
import assert from 'node:assert/strict'
import {
  parseBrokerAddress,
  showBroker,
} from '../../../../metadata/tasks/rabbitmq/broker-address.ts'
import { parseTasksSetting } from '../../../../metadata/tasks/tasks-setting.ts'
import { describe } from '../../../support/describe.ts'

describe('the setting tasks', (test) => {
  test('is the queue within the process, or RabbitMQ', () => {
    assert.deepEqual(parseTasksSetting('embedded:'), {
      is: 'setting',
      setting: { is: 'embedded' },
    })
    const parsed = parseTasksSetting('amqp://localhost')
    assert.ok(parsed.is === 'setting' && parsed.setting.is === 'rabbitmq')
  })

  test('says hosts, user, virtual host, prefix and certificates', () => {
    assert.deepEqual(parseBrokerAddress('amqp://h'), {
      ...{ hosts: [{ host: 'h', port: 5672 }], isTls: false },
      ...{ user: 'guest', password: 'guest', virtualHost: '/', prefix: 'holdfast' },
    })
    const url =
      'amqps://me%40x:p%2Fw%3A@a:1,[::1]:2,b/my%2Fhost?prefix=p.1&cacertfile=/ca.pem&certfile=c&keyfile=k'
    assert.deepEqual(parseBrokerAddress(url), {
      hosts: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
        { host: 'b', port: 5671 },
      ],
      ...{ isTls: true, user: 'me@x', password: 'p/w:', virtualHost: 'my/host', prefix: 'p.1' },
      ...{ caFile: '/ca.pem', certFile: 'c', keyFile: 'k' },
    })
  })

  test('is shown without user and password', () => {
    const shown = showBroker(parseBrokerAddress('amqp://me:s3cret@a:1,[::1]:2/v'))
    assert.equal(shown, 'a:1, [::1]:2 (vhost v)')
  })

  test('tells of mistakes, and repeats no password', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /neither embedded/],
      ['http://u:s3cret@h', /neither embedded/],
      ['amqp://', /not a URL/],
      ['amqp://u:s3cret@', /not a URL/],
      ['amqp://u:s3cret/x@h', /not a URL/],
      // What would else be host, port and virtual host.
      ['amqp://u:1234/s3cret@h', /not a URL/],
      ['amqp://u:1234?s3cret@h', /not a URL/],
      ['amqp://u:s3cret@h/a/b', /not a URL/],
      ['amqp://u:s3cret%zz@h', /the password has a %/],
      ['amqp://u:s3cret@h:0', /hosts is not HOST/],
      ['amqp://u:s3cret@h:70000', /is not HOST/],
      ['amqp://u:s3cret@h,,g', /is not HOST/],
      ['amqp://u:s3cret@h?prefix=a/b', /the prefix/],
      ['amqp://u:s3cret@h?prefix=amq.x', /the prefix/],
      ['amqp://u:s3cret@h?prefix=', /prefix is empty/],
      ['amqp://u:s3cret@h?prefix=a&prefix=b', /given twice/],
      ['amqp://u:s3cret@h?heartbeat=5', /a parameter that there is not/],
      ['amqp://u:s3cret@h?cacertfile=/x', /amqps/],
      ['amqps://u:s3cret@h?certfile=/x', /together/],
    ]
    for (const [raw, says] of cases) {
      const parsed = parseTasksSetting(raw)
      assert.ok(parsed.is === 'mistake', raw)
      assert.match(parsed.mistake, says, raw)
      assert.doesNotMatch(parsed.mistake, /s3cret/)
    }
  })
})
