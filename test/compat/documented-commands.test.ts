// docs/clients.md, docs/identity.md and docs/admin-api.md say what to type. Here it is typed: each client's section, and the page, is run as it
// stands, but for the address and the key.
import assert from 'node:assert'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe } from '../support/describe.ts'
import { ClientServer, clientKey, sourceFile } from './client-server.ts'
import { clientFor, describeWithClient } from './run-client.ts'

const pageOf = (name: string) => readFileSync(sourceFile(`../../docs/${name}`), 'utf8')
const sections = pageOf('clients.md').split(/^## /m)
const interpreters = { sh: ['bash', '-euc'], python: ['python3', '-c'] } as const

/** The commands of a section in order, with what stands for an address and a key filled in. */
function sectionFor(name: string, server: ClientServer): string {
  const section = sections.find((text) => text.startsWith(`${name}\n`))
  assert.ok(section !== undefined, `docs/clients.md has no section "${name}"`)
  return filledIn(section, server)
}

function filledIn(text: string, server: ClientServer): string {
  return text
    .replaceAll('127.0.0.1:9000', new URL(server.endpoint).host)
    .replaceAll('127.0.0.1:9001', new URL(server.adminEndpoint).host)
    .replace(/\bKEY\b/g, clientKey.accessKeyId)
    .replace(/\bSECRET\b/g, clientKey.secretAccessKey)
}

/** Writes the files and runs the blocks; answers how many ran. */
async function runSection(section: string, server: ClientServer): Promise<number> {
  for (const [, file = '', text = ''] of section.matchAll(/`~\/([^`]+)`:\n\n```ini\n([^`]*)```/g)) {
    mkdirSync(dirname(server.path(file)), { recursive: true })
    writeFileSync(server.path(file), text)
  }
  let ran = 0
  for (const [, language = '', text = ''] of section.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)) {
    if (language === 'ini') continue
    ran += 1
    // The sections set their own key.
    const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
    if (language === 'js') {
      writeFileSync(server.path('example.mjs'), text)
      await clientFor(server, ['node', 'example.mjs'], env).run()
      continue
    }
    assert.ok(language === 'sh' || language === 'python', `a block of ${language}`)
    await clientFor(server, interpreters[language], env).run(text)
  }
  return ran
}

const clients = [
  { name: 'aws cli', probe: ['aws', '--version'] },
  { name: 'boto3', probe: ['python3', '-c', 'import boto3'] },
  { name: 'AWS SDK for JavaScript v3', probe: ['node', '--version'] },
  { name: 'rclone', probe: ['rclone', 'version'] },
  { name: 's3cmd', probe: ['s3cmd', '--version'] },
  { name: 'restic', probe: ['restic', 'version'] },
  { name: 'curl', probe: ['curl', '--version'] },
] as const

for (const { name, probe } of clients) {
  describeWithClient({ name, probe }, () => {
    describe(`docs/clients.md on ${name}`, (test) => {
      let server: ClientServer
      test.before(async () => {
        server = await ClientServer.start(2)
        const modules = new URL('../../../node_modules', import.meta.url)
        symlinkSync(modules.pathname, server.path('node_modules'))
        mkdirSync(server.path('photos/2026'), { recursive: true })
        for (const file of ['photo.jpg', 'photos/one.jpg', 'photos/2026/two words.jpg']) {
          writeFileSync(server.path(file), `content of ${file}`)
        }
      })
      test.after(() => server.close())

      test('the commands work as they stand', async () => {
        assert.strictEqual(await runSection(sectionFor(name, server), server), 1)
      })
    })
  })
}

describeWithClient({ name: 'aws cli', probe: ['aws', '--version'] }, () => {
  describe('docs/identity.md', (test) => {
    let server: ClientServer
    test.before(async () => {
      server = await ClientServer.start(2)
    })
    test.after(() => server.close())

    test('the commands work as they stand', async () => {
      assert.strictEqual(await runSection(filledIn(pageOf('identity.md'), server), server), 1)
    })
  })
})

describeWithClient({ name: 'curl', probe: ['curl', '--version'] }, () => {
  describe('docs/admin-api.md', (test) => {
    let server: ClientServer
    test.before(async () => {
      server = await ClientServer.start(2)
    })
    test.after(() => server.close())

    test('the commands work as they stand', async () => {
      // The default of --admin is another server's here.
      const { adminEndpoint } = server
      const program = sourceFile('../../dist/deploy/holdfast.js')
      const command = `holdfast() { "${process.execPath}" "${program}" "$@" --admin ${adminEndpoint}; }\n`
      const page = filledIn(pageOf('admin-api.md'), server)
      const section = page.replace('```sh\n', () => `\`\`\`sh\n${command}`)
      assert.strictEqual(await runSection(section, server), 1)
    })
  })
})
