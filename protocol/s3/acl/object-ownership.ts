// Object ownership: whether a bucket has ACLs at all, and who owns what other accounts write into it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
import { S3Error } from '../s3-error.ts'
import { readXml, refuseOtherChildren, requireBody, requiredText } from '../xml/xml-reader.ts'
import { element, parent, s3Document } from '../xml/xml-writer.ts'

export type ObjectOwnership = (typeof objectOwnerships)[number]

/** In the order in which a command line shows them, too. */
export const objectOwnerships = [
  'BucketOwnerEnforced',
  'BucketOwnerPreferred',
  'ObjectWriter',
] as const

export function isObjectOwnership(text: string): text is ObjectOwnership {
  return objectOwnerships.some((known) => known === text)
}

/** One rule, as AWS has it. Throws `MissingRequestBodyError`, `MalformedXML`. */
export function readOwnershipControls(body: Buffer): ObjectOwnership {
  const root = readXml(requireBody(body), 'OwnershipControls')
  refuseOtherChildren(root, ['Rule'])
  const [rule, ...others] = root.children
  if (rule === undefined || others.length > 0) throw new S3Error('MalformedXML')
  refuseOtherChildren(rule, ['ObjectOwnership'])
  const ownership = requiredText(rule, 'ObjectOwnership')
  if (!isObjectOwnership(ownership)) throw new S3Error('MalformedXML')
  return ownership
}

export function renderOwnershipControls(ownership: ObjectOwnership): string {
  return s3Document('OwnershipControls', parent('Rule', element('ObjectOwnership', ownership)))
}
