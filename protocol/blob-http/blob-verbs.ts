// What a data node is asked, and where. The form of calls and answers: `docs/decisions/0039-data-nodes-over-http.md`.

export const blobVerbs = [
  'write',
  'hasMany',
  'read',
  'delete',
  'list',
  'usage',
  'reclaim',
  'scrub',
] as const

export type BlobVerb = (typeof blobVerbs)[number]

/** Raised when a call or an answer could be misread. */
export const blobWireVersion = 1

/** Shown for a person who looks at it; both sides go by the version in the path. */
export const blobContentType = 'application/x-holdfast-blobs'

export function blobPath(verb: BlobVerb): string {
  return `/v${blobWireVersion}/blobs/${verb}`
}

const verbsByPath: ReadonlyMap<string, BlobVerb> = new Map(
  blobVerbs.map((verb) => [blobPath(verb), verb]),
)

/** `undefined`: there is none there. */
export function blobVerbAt(path: string): BlobVerb | undefined {
  return verbsByPath.get(path)
}
