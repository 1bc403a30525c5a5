// What people download and open archives with: curl and aria2c, and every common archiver.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { type ClientServer, clientKey, clientRegion, sourceFile } from './client-server.ts'

const signingKeys = new SigningKeyCache({ entriesMax: 10 })

/** The address of a prefix as a zip, good for anybody for ten minutes. */
export function zipUrl(
  server: ClientServer,
  prefix: string,
  more: { readonly method?: string; readonly query?: Record<string, string> } = {},
): string {
  const { method = 'GET', query = {} } = more
  const path = `/${prefix.split('/').map(encodeURIComponent).join('/')}`
  const url = { method, origin: server.endpoint, path, expiresSeconds: 600 }
  return presignUrl(
    { ...url, query: { zip: '', ...query } },
    { credentials: { ...clientKey, region: clientRegion }, signingKeys, nowMs: Date.now() },
  )
}

/** Puts every file below the folder under the prefix. */
export async function uploadTree(
  sdk: S3Client,
  target: { readonly Bucket: string; readonly prefix: string },
  folder: string,
): Promise<number> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const waiting = [...files]
  const work = async () => {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const Key = `${target.prefix}${path.slice(folder.length + 1)}`
      await sdk.send(new PutObjectCommand({ Bucket: target.Bucket, Key, Body: readFileSync(path) }))
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  return files.length
}

/** Raises, and so exits with 1, for a header that disagrees or a wrong CRC. */
const pythonTest =
  'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); sys.exit(z.testzip() is not None)'

/** How each archiver is asked whether a file is a sound archive. */
export const archivers: readonly {
  readonly name: string
  readonly probe: readonly string[]
  readonly test: readonly string[]
}[] = [
  { name: 'Info-ZIP unzip', probe: ['unzip', '-v'], test: ['unzip', '-tq'] },
  { name: 'Info-ZIP zip', probe: ['zip', '-v'], test: ['zip', '-T'] },
  { name: 'bsdtar', probe: ['bsdtar', '--version'], test: ['bsdtar', '-tf'] },
  {
    name: 'bsdtar on a stream',
    probe: ['bsdtar', '--version'],
    test: ['sh', '-c', 'bsdtar -xOf - < "$0" > /dev/null'],
  },
  { name: '7-Zip', probe: ['7z', '--help'], test: ['7z', 't'] },
  { name: 'Python', probe: ['python3', '--version'], test: ['python3', '-c', pythonTest] },
  {
    name: 'Java',
    probe: ['java', '-version'],
    test: ['java', sourceFile('zip-stream-reader.java')],
  },
]
