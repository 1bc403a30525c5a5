// What a client asks a bundle to hold, out of its JSON: keys, versions, prefixes, globs and what lies
// elsewhere, and how the entries are to be named.
import type { LeaseScope } from '../../metadata/lease-store.ts'
import type { BucketId, VersionId } from '../../metadata/records.ts'
import { keyBytesMax } from '../../protocol/s3/limits.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parseVersionId } from '../../protocol/s3/version-id.ts'
import type { JsonObject } from '../native-api/json-body.ts'
import {
  entryNameBytesMax,
  globBytesMax,
  globWildcardsMax,
  selectionsMax,
} from './bundle-limits.ts'
import { externalEntriesMax } from './external/external-limits.ts'
import { type ExternalSource, parseSource, sourceJson } from './external/external-source.ts'
import { type Glob, parseGlob } from './glob.ts'

export type Selection =
  | {
      readonly is: 'key'
      readonly key: string
      readonly versionId?: VersionId
      /** The entry's name. */
      readonly name: string
    }
  /** Entries are named by what stands behind the last slash of the prefix, below the folder. */
  | { readonly is: 'prefix'; readonly prefix: string; readonly folder: string }
  | ExternalSelection
  /** Entries are named by their whole keys, below the folder. */
  | { readonly is: 'glob'; readonly glob: Glob; readonly folder: string }

/** Gathered once, after it was chosen. */
export type ExternalSelection = {
  readonly is: 'external'
  readonly source: ExternalSource
  readonly name: string
}

/** Throws `MalformedJSON`, `InvalidArgument` and `KeyTooLongError`. */
export function parseSelections(body: JsonObject): readonly Selection[] {
  const selections = body.objects('entries', selectionsMax).map(parseSelection)
  if (externalSelections(selections).length <= externalEntriesMax) return selections
  const message = `A request has at most ${externalEntriesMax} entries with url or s3.`
  throw new S3Error('InvalidArgument', { ArgumentName: 'entries' }, { message })
}

/** Where that lies which is chosen. A glob has no more than its beginning to tell. */
export function scopesOf(
  selections: readonly Selection[],
  bucketId: BucketId,
): readonly LeaseScope[] {
  return selections.flatMap((selection): readonly LeaseScope[] => {
    switch (selection.is) {
      case 'key':
        return [{ is: 'key', bucketId, key: selection.key }]
      case 'prefix':
        return [{ is: 'prefix', bucketId, prefix: selection.prefix }]
      case 'glob':
        return [{ is: 'prefix', bucketId, prefix: selection.glob.beginning }]
      case 'external':
        return []
      default:
        return selection satisfies never
    }
  })
}

export function externalSelections(selections: readonly Selection[]): readonly ExternalSelection[] {
  return selections.filter((selection) => selection.is === 'external')
}

/** As it stands in a request: `parseSelections` makes the same of it. */
export function externalJson({ source, name }: ExternalSelection) {
  return { ...sourceJson(source), name }
}

function parseSelection(item: JsonObject): Selection {
  const selection = parseKind(item)
  item.end()
  return selection
}

function parseKind(item: JsonObject): Selection {
  const isExternal = item.has('url') || item.has('s3')
  const kinds = ['key', 'prefix', 'glob'].filter((kind) => item.has(kind))
  if (kinds.length + Number(isExternal) !== 1) {
    const message = `${item.nameOf('key')}: an entry has one of key, prefix, glob, url and s3.`
    throw new S3Error('MalformedJSON', {}, { message })
  }
  if (item.has('key')) return parseKey(item)
  if (isExternal) return parseExternal(item)
  const folder = parseName(item) ?? ''
  if (item.has('prefix')) {
    return { is: 'prefix', prefix: bounded(item, 'prefix', keyBytesMax), folder }
  }
  const glob = parseGlob(bounded(item, 'glob', globBytesMax))
  if (glob.wildcards <= globWildcardsMax) return { is: 'glob', glob, folder }
  const message = `${item.nameOf('glob')} has more than ${globWildcardsMax} wildcards.`
  throw new S3Error('InvalidArgument', {}, { message })
}

function parseKey(item: JsonObject): Selection {
  const key = bounded(item, 'key', keyBytesMax)
  const raw = item.optionalText('versionId')
  const name = parseName(item) ?? key
  if (key === '' || name === '') {
    const message = `${item.nameOf(key === '' ? 'key' : 'name')} is empty.`
    throw new S3Error('InvalidArgument', {}, { message })
  }
  return { is: 'key', key, name, ...(raw === undefined ? {} : { versionId: parseVersionId(raw) }) }
}

function parseExternal(item: JsonObject): Selection {
  const source = parseSource(item)
  return { is: 'external', source, name: fileName(item, source.is === 's3' ? source.key : '') }
}

/** The name of something that is one file, whatever it holds. */
function fileName(item: JsonObject, fallback: string): string {
  const name = parseName(item) ?? fallback
  if (name !== '' && !name.endsWith('/')) return name
  const message = `${item.nameOf('name')} must name the file that is gathered.`
  throw new S3Error('InvalidArgument', { ArgumentName: 'name' }, { message })
}

function parseName(item: JsonObject): string | undefined {
  return item.has('name') ? bounded(item, 'name', entryNameBytesMax) : undefined
}

function bounded(item: JsonObject, field: string, bytesMax: number): string {
  const text = item.text(field)
  if (Buffer.byteLength(text) <= bytesMax) return text
  const message = `${item.nameOf(field)} has more than ${bytesMax} bytes.`
  throw new S3Error('InvalidArgument', {}, { message })
}
