// What a client asks a bundle to hold, out of its JSON: keys, versions, prefixes, globs and what lies
// elsewhere, and how the entries are to be named.
import { z } from 'zod'
import type { LeaseScope } from '../../metadata/lease-store.ts'
import type { BucketId, VersionId } from '../../metadata/records.ts'
import { keyBytesMax } from '../../protocol/s3/limits.ts'
import { parseVersionId } from '../../protocol/s3/version-id.ts'
import {
  boundedText,
  choose,
  fields,
  type Refinement,
  refuseArgument,
  text,
} from '../native-api/read-json.ts'
import {
  entryNameBytesMax,
  externalEntriesMax,
  globBytesMax,
  globWildcardsMax,
  selectionsMax,
} from './bundle-limits.ts'
import {
  type ExternalSource,
  isS3Url,
  namesObject,
  s3Access,
  s3Object,
  s3Source,
  s3Url,
  sourceJson,
  webUrl,
} from './external/external-source.ts'
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

/** As it stands in a request: `selections` makes the same of it. */
export function externalJson({ source, name }: ExternalSelection) {
  return { ...sourceJson(source), name }
}

const name = boundedText(entryNameBytesMax)
const folder = name.default('')

/** By what an entry is chosen, and what may stand beside it. */
const kinds = {
  key: fields({
    key: boundedText(keyBytesMax),
    versionId: text.transform((raw) => parseVersionId(raw)).optional(),
    name: name.optional(),
  }).transform((entry, context): Selection => {
    const { key, versionId } = entry
    const called = entry.name ?? key
    if (key === '') refuseArgument(context, { message: 'is empty.', path: ['key'] })
    if (called === '') refuseArgument(context, { message: 'is empty.', path: ['name'] })
    return { is: 'key', key, name: called, ...(versionId === undefined ? {} : { versionId }) }
  }),
  prefix: fields({ prefix: boundedText(keyBytesMax), name: folder }).transform(
    (entry): Selection => ({ is: 'prefix', prefix: entry.prefix, folder: entry.name }),
  ),
  glob: fields({
    glob: boundedText(globBytesMax).transform((pattern, context) => {
      const glob = parseGlob(pattern)
      if (glob.wildcards <= globWildcardsMax) return glob
      refuseArgument(context, { message: `has more than ${globWildcardsMax} wildcards.` })
      return z.NEVER
    }),
    name: folder,
  }).transform((entry): Selection => ({ is: 'glob', glob: entry.glob, folder: entry.name })),
  url: fields({ url: webUrl, name: name.default('') }).transform((entry, context) =>
    external(entry.url, entry.name, context),
  ),
  s3Url: fields({ url: s3Url, s3: s3Access, name: name.optional() }).transform((entry, context) =>
    external(s3Source(entry.s3, entry.url), entry.name ?? entry.url.key, context),
  ),
  s3: fields({ s3: s3Object, name: name.optional() }).transform((entry, context) =>
    external(s3Source(entry.s3, entry.s3), entry.name ?? entry.s3.key, context),
  ),
}

/** Something that is one file, whatever it holds. */
function external(source: ExternalSource, called: string, context: Refinement): Selection {
  if (source.is === 's3' && !namesObject(source)) {
    refuseArgument(context, { message: 'names no object.', path: ['s3'] })
  }
  if (called === '' || called.endsWith('/')) {
    refuseArgument(context, { message: 'must name the file that is gathered.', path: ['name'] })
  }
  return { is: 'external', source, name: called }
}

/** Undefined: by none, or by several. */
function schemaOf(entry: object) {
  const found = (['key', 'prefix', 'glob'] as const).filter((kind) => kind in entry)
  const isExternal = 'url' in entry || 's3' in entry
  if (found.length + Number(isExternal) !== 1) return undefined
  if ('url' in entry) return isS3Url(entry.url) ? kinds.s3Url : kinds.url
  return kinds[found[0] ?? 's3']
}

const selection = choose(schemaOf, 'must have one of key, prefix, glob, url and s3.')

const listError = `must be a list of at most ${selectionsMax} objects.`

/** The entries of a request. Throws `KeyTooLongError`, and `InvalidArgument` for a version id that is none. */
export const selections = z
  .array(selection, listError)
  .max(selectionsMax, listError)
  .superRefine((entries, context) => {
    if (externalSelections(entries).length <= externalEntriesMax) return
    const message = `has at most ${externalEntriesMax} entries with url or s3.`
    refuseArgument(context, { message })
  })
