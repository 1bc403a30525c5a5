// Settings from flags, environment and file, and the mistakes people make in them.
import assert from 'node:assert'
import { availableParallelism } from 'node:os'
import { type Config, parseConfig } from '../../../gateway/config/config.ts'
import {
  describeSettings,
  settingNames,
  settingOf,
  variableOf,
} from '../../../gateway/config/settings.ts'
import { describe } from '../../support/describe.ts'

type Given = {
  argv?: readonly string[]
  env?: Record<string, string>
  files?: Record<string, string>
}

function parse({ argv = [], env = {}, files = {} }: Given) {
  return parseConfig({
    argv,
    env,
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw new Error('no such file')
      return text
    },
  })
}

function configOf(given: Given): Config {
  const parsed = parse(given)
  assert.ok(parsed.is === 'config', JSON.stringify(parsed))
  return parsed.config
}

function mistakesOf(given: Given): readonly string[] {
  const parsed = parse(given)
  assert.strictEqual(parsed.is, 'mistakes')
  return parsed.is === 'mistakes' ? parsed.mistakes : []
}

describe('configuration: values', (test) => {
  test('without a word, S3 is on 127.0.0.1:9000 and the data in ./data', () => {
    const config = configOf({})
    assert.deepStrictEqual(config.listen, { host: '127.0.0.1', port: 9000 })
    assert.deepStrictEqual(config.adminListen, { host: '127.0.0.1', port: 9001 })
    assert.strictEqual(config.dataDirectory, './data')
    assert.strictEqual(config.masterKeyFile, 'data/master.key')
    assert.strictEqual(config.region, 'us-east-1')
    assert.strictEqual(config.workers, availableParallelism())
    assert.deepStrictEqual(config.domains, [])
    assert.strictEqual(config.tls, undefined)
    assert.strictEqual(config.rootKey, undefined)
  })

  test('a flag goes before the environment, and that before the file', () => {
    const files = {
      conf: 'HOLDFAST_REGION=file\nHOLDFAST_WORKERS=7\nHOLDFAST_DATA=/file',
    }
    const env = { HOLDFAST_REGION: 'env', HOLDFAST_WORKERS: '6' }
    const config = configOf({ argv: ['--config', 'conf', '--region', 'flag'], env, files })
    assert.strictEqual(config.region, 'flag')
    assert.strictEqual(config.workers, 6)
    assert.strictEqual(config.dataDirectory, '/file')
  })

  test('a config file has comments, empty lines and quoted values', () => {
    const files = { conf: '# mine\n\n  HOLDFAST_REGION = "berlin"\r\nHOLDFAST_DATA=\'a b\'\n' }
    const config = configOf({ env: { HOLDFAST_CONFIG: 'conf' }, files })
    assert.strictEqual(config.region, 'berlin')
    assert.strictEqual(config.dataDirectory, 'a b')
  })

  test('origins come from repeated flags and from lists, in lower case and each once', () => {
    const argv = ['--cors-allow-origin', 'https://App.example.org, http://localhost:*']
    const more = ['--cors-allow-origin=https://app.example.org', '--cors-allow-origin', '*']
    const { corsOrigins } = configOf({ argv: [...argv, ...more] })
    assert.deepStrictEqual(corsOrigins, ['https://app.example.org', 'http://localhost:*', '*'])
    assert.deepStrictEqual(configOf({}).corsOrigins, [])
  })

  test('what no browser sends as an origin is a mistake', () => {
    for (const origin of ['app.example.org', 'https://a/', 'https://a/b', 'https://', 'a b', '/']) {
      const mistakes = mistakesOf({ argv: ['--cors-allow-origin', origin] })
      assert.match(mistakes.join(), /is not an origin, such as/, origin)
    }
    const twice = mistakesOf({ argv: ['--cors-allow-origin', 'https://*.a.*'] })
    assert.match(twice.join(), /has more than one \*/)
  })

  test('domains come from repeated flags and from lists, in lower case and each once', () => {
    const argv = ['--domain', 'S3.example.org', '--domain=a.org, b.org', '--domain', 'a.org.']
    assert.deepStrictEqual(configOf({ argv }).domains, ['s3.example.org', 'a.org', 'b.org'])
  })

  test('an empty variable counts as unset', () => {
    assert.strictEqual(configOf({ env: { HOLDFAST_REGION: '' } }).region, 'us-east-1')
  })

  test('addresses may be IPv6, and without a host mean every address', () => {
    const argv = ['--listen', '[::1]:80', '--admin-listen', ':0']
    assert.deepStrictEqual(configOf({ argv }).listen, { host: '::1', port: 80 })
    assert.deepStrictEqual(configOf({ argv }).adminListen, { host: '::', port: 0 })
  })

  test('sizes and durations carry units', () => {
    const argv = ['--ingest-memory', '1GiB', '--stale-upload-age', '36h', '--drain-time', '0s']
    const config = configOf({ argv })
    assert.strictEqual(config.ingestMemoryBytes, 1024 ** 3)
    assert.strictEqual(config.staleUploadAgeMs, 36 * 3_600_000)
    assert.strictEqual(config.drainMs, 0)
  })

  test('the configuration survives JSON, for it is handed to worker processes', () => {
    const env = { HOLDFAST_ROOT_ACCESS_KEY: 'admin', HOLDFAST_ROOT_SECRET_KEY: 'longenough' }
    const config = configOf({ env, argv: ['--tls-cert', 'c', '--tls-key', 'k'], files: filesOfTls })
    assert.deepStrictEqual(JSON.parse(JSON.stringify(config)), config)
  })

  test('a switch is on by its flag alone, and takes the usual words', () => {
    assert.strictEqual(configOf({}).anyRegion, false)
    assert.strictEqual(configOf({ argv: ['--any-region', '--workers', '2'] }).anyRegion, true)
    assert.strictEqual(configOf({ argv: ['--any-region'] }).anyRegion, true)
    for (const [word, isOn] of [
      ['on', true],
      ['TRUE', true],
      ['1', true],
      ['off', false],
      ['no', false],
    ] as const) {
      assert.strictEqual(configOf({ argv: ['--any-region', word] }).anyRegion, isOn)
      assert.strictEqual(configOf({ env: { HOLDFAST_ANY_REGION: word } }).anyRegion, isOn)
    }
    assert.match(mistakesOf({ argv: ['--any-region=maybe'] })[0] ?? '', /neither on nor off/)
  })

  test('the help text names every setting', () => {
    const text = describeSettings()
    for (const name of settingNames) {
      assert.ok(text.includes(settingOf(name).secret ? variableOf(name) : `--${name} `), name)
    }
  })
})

const filesOfTls = { c: 'cert', k: 'key' }

describe('configuration: mistakes', (test) => {
  test('all are told at once, each with the place it was made in', () => {
    const mistakes = mistakesOf({
      argv: [
        '--listen',
        'nowhere',
        '--colour',
        'red',
        '--workers',
        '0',
        'stray',
        '--config',
        'conf',
      ],
      env: { HOLDFAST_REGION: 'Not A Region', HOLDFAST_TYPO: '1' },
      files: { conf: 'HOLDFAST_DOMAIN=http://x\nHOLDFAST_DOMIAN=x\nnonsense' },
    })
    assert.deepStrictEqual(
      mistakes.map((mistake) => mistake.slice(0, mistake.indexOf(':'))).sort(),
      [
        '--colour',
        '--listen',
        '--workers',
        'HOLDFAST_DOMAIN in conf',
        'HOLDFAST_REGION',
        'HOLDFAST_TYPO',
        'conf line 2',
        'conf line 3',
        'stray',
      ],
    )
  })

  test('a flag without its value is told', () => {
    assert.match(mistakesOf({ argv: ['--data'] })[0] ?? '', /^--data: needs a value, DIR/)
    assert.match(mistakesOf({ argv: ['--data', '--region', 'x'] })[0] ?? '', /^--data: needs/)
  })

  test('a flag given twice is a mistake, unless it makes a list', () => {
    assert.match(
      mistakesOf({ argv: ['--region', 'a', '--region', 'b'] })[0] ?? '',
      /more than once/,
    )
  })

  test('a certificate needs its key, and both must be readable', () => {
    assert.match(mistakesOf({ argv: ['--tls-cert', 'c'] })[0] ?? '', /^--tls-cert: needs --tls-key/)
    const argv = ['--tls-cert', 'c', '--tls-key', 'gone']
    const unreadable = mistakesOf({ argv, files: filesOfTls })
    assert.deepStrictEqual(unreadable, ['--tls-key: gone cannot be read (no such file)'])
  })

  test('root keys come in pairs, have bounded lengths, and are never repeated in a message', () => {
    const alone = mistakesOf({ env: { HOLDFAST_ROOT_ACCESS_KEY: 'admin' } })
    assert.deepStrictEqual(alone, ['HOLDFAST_ROOT_ACCESS_KEY: needs HOLDFAST_ROOT_SECRET_KEY too'])
    const env = { HOLDFAST_ROOT_ACCESS_KEY: 'admin', HOLDFAST_ROOT_SECRET_KEY: 'shrt-42' }
    assert.doesNotMatch(mistakesOf({ env }).join('\n'), /shrt-42/)
  })

  test('secrets are refused on the command line', () => {
    const mistakes = mistakesOf({ argv: ['--root-secret-key', 'longenough'] })
    assert.match(mistakes[0] ?? '', /others can see; set HOLDFAST_ROOT_SECRET_KEY/)
    assert.doesNotMatch(mistakes.join('\n'), /longenough/)
  })

  test('S3 and the admin port cannot share an address', () => {
    const argv = ['--listen', '127.0.0.1:9001']
    assert.match(mistakesOf({ argv })[0] ?? '', /^--admin-listen: is the address/)
  })

  test('a missing config file is told by the name that was given', () => {
    assert.deepStrictEqual(mistakesOf({ env: { HOLDFAST_CONFIG: 'gone' } }), [
      'HOLDFAST_CONFIG: gone cannot be read (no such file)',
    ])
  })

  test('sizes without sense are told, with the bounds', () => {
    assert.match(
      mistakesOf({ argv: ['--ingest-memory', '1MiB'] })[0] ?? '',
      /between 16MiB and 64GiB/,
    )
    assert.match(mistakesOf({ argv: ['--ingest-memory', '64MB'] })[0] ?? '', /such as 4096, 64KiB/)
    assert.match(mistakesOf({ argv: ['--drain-time', '30'] })[0] ?? '', /such as 500ms, 30s/)
  })
})

describe('configuration: what other servers call it', (test) => {
  const hintOf = (argv: readonly string[]) => mistakesOf({ argv })[0] ?? ''

  test('flags of theirs are unknown, and the setting that does it here is named', () => {
    for (const [flag, meant] of [
      ['--port', '--listen HOST:PORT'],
      ['-p', '--listen HOST:PORT'],
      ['--address', '--listen HOST:PORT'],
      ['--console-address', '--admin-listen HOST:PORT'],
      ['--data-dir', '--data DIR'],
      ['--certs-dir', '--tls-cert FILE'],
      ['--secret-key', 'HOLDFAST_ROOT_SECRET_KEY in the environment'],
    ] as const) {
      assert.ok(hintOf([flag, 'x']).endsWith(`here it is ${meant}`), hintOf([flag, 'x']))
    }
    assert.match(hintOf(['--constructor', 'x']), /^--constructor: there is no such setting$/)
  })

  test('what is mistyped is answered with what was meant', () => {
    assert.match(hintOf(['--lisen', 'x']), /did you mean --listen HOST:PORT\?$/)
    assert.match(hintOf(['--worker', '2']), /did you mean --workers N\?$/)
    assert.match(mistakesOf({ env: { HOLDFAST_REGOIN: 'x' } })[0] ?? '', /HOLDFAST_REGION\?$/)
    assert.match(
      mistakesOf({ env: { HOLDFAST_PORT: '1' } })[0] ?? '',
      /here it is HOLDFAST_LISTEN$/,
    )
    const files = { conf: 'MINIO_VOLUMES=/mnt/data' }
    const inFile = mistakesOf({ argv: ['--config', 'conf'], files })[0] ?? ''
    assert.match(inFile, /there is no setting MINIO_VOLUMES; here it is HOLDFAST_DATA$/)
    assert.match(hintOf(['/srv/data']), /--data \/srv\/data$/)
  })

  test('variables of theirs are told about without their values, and refuse nothing', () => {
    const env = { MINIO_ROOT_USER: 'admin', MINIO_ROOT_PASSWORD: 'very-secret-1', MINIO_OTHER: 'x' }
    const parsed = parse({ env })
    assert.ok(parsed.is === 'config')
    assert.strictEqual(parsed.hints.length, 2)
    assert.match(parsed.hints.join('\n'), /^MINIO_ROOT_USER is set.*HOLDFAST_ROOT_ACCESS_KEY/)
    assert.doesNotMatch(parsed.hints.join('\n'), /very-secret-1/)
    const known = { HOLDFAST_ROOT_ACCESS_KEY: 'admin', HOLDFAST_ROOT_SECRET_KEY: 'longenough' }
    const both = parse({ env: { ...env, ...known } })
    assert.deepStrictEqual(both.is === 'config' && both.hints, [])
    const argv = ['--data', '/mnt/data']
    const flagged = parse({ argv, env: { MINIO_VOLUMES: '/mnt/other' } })
    assert.deepStrictEqual(flagged.is === 'config' && flagged.hints, [])
  })

  test('one address for both ports is refused, also when one of them is every address', () => {
    for (const admin of ['127.0.0.1:9000', ':9000', '0.0.0.0:9000']) {
      assert.match(hintOf(['--admin-listen', admin]), /^--admin-listen: is the address that S3/)
    }
  })
})
