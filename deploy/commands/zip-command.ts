// `holdfast zip`: a prefix of any Holdfast server as one zip, by its public API alone.
import { parseArgs } from 'node:util'
import { parseDurationMs } from '../../gateway/config/config-values.ts'
import type { SigningCredentials } from '../../protocol/s3/sigv4/sign-request.ts'
import { Broken, isOfNetwork } from '../zip/network-failure.ts'
import {
  describeArchive,
  describeDownload,
  ProgressLine,
  type ProgressTarget,
} from '../zip/progress-line.ts'
import { SignedClient } from '../zip/signed-client.ts'
import { storeZip } from '../zip/zip-archive.ts'
import { downloadZip } from '../zip/zip-download.ts'
import { requireOnce } from './command-flags.ts'

export const zipUsage = `holdfast zip ENDPOINT BUCKET[/PREFIX] --output FILE
holdfast zip ENDPOINT BUCKET[/PREFIX] --archive BUCKET/KEY

  Downloads all objects whose keys begin with PREFIX as one zip, or has the server store it as an
  object and prints a URL of it. The key is taken from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
  the region from AWS_REGION or AWS_DEFAULT_REGION.

  --output FILE, -o     Where to write the zip. It is FILE.part until it is whole. A broken download is
                        resumed, also by the same command another time.
  --archive BUCKET/KEY  Where the server is to store the zip.
  --expires DURATION    With --archive: the stored zip is removed after this time. Default: 7d
  --windows             Names that Windows takes, too.
  --progress            Shows how far it is, on stderr.

  Says in one line what it has done: of a download on stdout, of an archive on stderr, for there the URL
  alone is on stdout.
  Ends with 0 when the zip is there, 1 when it is not, 2 when the command line is wrong.`

/** A command line that cannot be followed; the message says why. */
export class BadZipCommand extends Error {
  override readonly name = 'BadZipCommand'
}

export type ZipSurroundings = {
  /** Absent: the environment has no key. */
  readonly credentials: SigningCredentials | undefined
  readonly progress: ProgressTarget
  readonly print: (line: string) => void
  /** For people, beside what is printed for programs. */
  readonly note: (line: string) => void
  /** What is to be said to whoever interrupts it. */
  readonly ifInterrupted: (sentence: string) => void
}

/** Throws `BadZipCommand`, `Refused`, and what network and disk throw. */
export async function runZip(
  argv: readonly string[],
  { credentials, progress: target, print, note, ifInterrupted }: ZipSurroundings,
): Promise<void> {
  const command = parseCommand(argv)
  if (credentials === undefined) {
    throw new BadZipCommand('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set.')
  }
  const client = new SignedClient(command.endpoint, credentials)
  const progress = command.progress ? new ProgressLine(target) : undefined
  const beganMs = target.nowMs()
  const tookMs = () => target.nowMs() - beganMs
  try {
    if (command.output === undefined) {
      ifInterrupted('The server goes on with the archive job. The same command waits for it again.')
      const { url, ...stored } = await storeZip({
        client,
        request: archiveRequest(command),
        progress,
      })
      note(describeArchive({ where: nameOf(command.archive), ...stored, tookMs: tookMs() }))
      print(url)
    } else {
      const { output } = command
      ifInterrupted(`What has come is in ${output}.part. The same command goes on with it.`)
      const written = await downloadZip({
        client,
        target: zipTarget(command),
        file: output,
        progress,
      })
      print(describeDownload({ where: output, ...written, tookMs: tookMs() }))
    }
  } finally {
    progress?.end()
  }
}

function nameOf(archive: Command['archive']): string {
  return archive === undefined ? '' : `s3://${archive.bucket}/${archive.key}`
}

function zipTarget({ bucket, prefix, windows }: Command): string {
  const form = windows ? 'windows' : ''
  return `/${encodeURIComponent(bucket)}?zip=${form}&prefix=${encodeURIComponent(prefix)}`
}

function archiveRequest(command: Command): Readonly<Record<string, unknown>> {
  const { bucket, prefix, windows, archive, expiresInSeconds } = command
  return {
    bucket,
    prefix,
    options: { windows },
    destination: archive,
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
  }
}

type Command = {
  readonly endpoint: URL
  readonly bucket: string
  readonly prefix: string
  readonly windows: boolean
  readonly progress: boolean
  readonly output: string | undefined
  readonly archive: { readonly bucket: string; readonly key: string } | undefined
  readonly expiresInSeconds: number | undefined
}

function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parseFlags(argv)
  const [endpoint, source, ...more] = positionals
  if (endpoint === undefined || source === undefined || more.length > 0) {
    throw new BadZipCommand('An endpoint and a bucket, with or without a prefix, are needed.')
  }
  if ((values.output === undefined) === (values.archive === undefined)) {
    throw new BadZipCommand('One of --output and --archive is needed.')
  }
  const { bucket, key: prefix } = splitPath(source)
  const archive = values.archive === undefined ? undefined : splitPath(values.archive)
  if (archive?.key === '') throw new BadZipCommand('--archive needs a bucket and a key.')
  return {
    endpoint: parseEndpoint(endpoint),
    bucket,
    prefix,
    windows: values.windows === true,
    progress: values.progress === true,
    output: values.output,
    archive,
    expiresInSeconds:
      values.expires === undefined ? undefined : Math.ceil(parseDurationMs(values.expires) / 1000),
  }
}

function parseFlags(argv: readonly string[]) {
  try {
    const parsed = parseArgs({
      args: [...argv],
      tokens: true,
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o' },
        archive: { type: 'string' },
        expires: { type: 'string' },
        windows: { type: 'boolean' },
        progress: { type: 'boolean' },
      },
    })
    requireOnce(parsed.tokens)
    return parsed
  } catch (cause) {
    throw new BadZipCommand(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

function splitPath(path: string): { readonly bucket: string; readonly key: string } {
  const plain = path.replace(/^s3:\/\//, '')
  const slash = plain.indexOf('/')
  if (slash === 0 || plain === '')
    throw new BadZipCommand(`"${path}" does not begin with a bucket.`)
  return slash === -1
    ? { bucket: plain, key: '' }
    : { bucket: plain.slice(0, slash), key: plain.slice(slash + 1) }
}

function parseEndpoint(raw: string): URL {
  const url = URL.canParse(raw) ? new URL(raw) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw new BadZipCommand(`"${raw}" is no endpoint, such as http://127.0.0.1:9000`)
  }
  return url
}

/** For people: the system's own words name what it is about, behind a sentence that says what that means. */
export function explainZipFailure(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const code = 'code' in cause ? String(cause.code) : ''
  const unreachable = isOfNetwork(cause) && !(cause instanceof Broken)
  const meaning = meanings.get(code) ?? (unreachable ? 'The server cannot be reached' : '')
  return meaning === '' ? cause.message : `${meaning} (${cause.message || code}).`
}

const meanings = new Map([
  ['ENOSPC', 'The disk is full. With more room, the same command goes on'],
  ['EDQUOT', 'The disk quota is used up. With more room, the same command goes on'],
  ['EFBIG', 'The file would be larger than it may be'],
  ['EACCES', 'The file may not be written'],
  ['ENOENT', 'The folder does not exist'],
  ['ENOTDIR', 'The folder does not exist'],
  ['EROFS', 'Nothing can be written there'],
])
