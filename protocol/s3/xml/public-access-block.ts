// The XML of GetPublicAccessBlock and PutPublicAccessBlock.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html
import { S3Error } from '../s3-error.ts'
import { optionalText, readXml, refuseOtherChildren, requireBody } from './xml-reader.ts'
import { documentOf, element, s3Namespace } from './xml-writer.ts'

/** Whether what is public may be set of a bucket, and whether it counts. */
export type PublicAccessBlock = {
  readonly blockPublicAcls: boolean
  readonly ignorePublicAcls: boolean
  readonly blockPublicPolicy: boolean
  readonly restrictPublicBuckets: boolean
}

const elements = {
  BlockPublicAcls: 'blockPublicAcls',
  IgnorePublicAcls: 'ignorePublicAcls',
  BlockPublicPolicy: 'blockPublicPolicy',
  RestrictPublicBuckets: 'restrictPublicBuckets',
} as const satisfies Readonly<Record<string, keyof PublicAccessBlock>>

/** What is not said is false. Throws `MissingRequestBodyError`, `MalformedXML`, `InvalidRequest` when nothing is said. */
export function readPublicAccessBlock(body: Buffer): PublicAccessBlock {
  const root = readXml(requireBody(body), 'PublicAccessBlockConfiguration')
  refuseOtherChildren(root, Object.keys(elements))
  if (root.children.length === 0) {
    throw new S3Error('InvalidRequest', {}, { message: 'Must specify at least one configuration.' })
  }
  const said = (name: keyof typeof elements) => parseBoolean(optionalText(root, name))
  return {
    blockPublicAcls: said('BlockPublicAcls'),
    ignorePublicAcls: said('IgnorePublicAcls'),
    blockPublicPolicy: said('BlockPublicPolicy'),
    restrictPublicBuckets: said('RestrictPublicBuckets'),
  }
}

/** `namespace`: S3 Control has one of its own. */
export function renderPublicAccessBlock(block: PublicAccessBlock, namespace = s3Namespace): string {
  const rows = Object.entries(elements).map(([name, member]) => element(name, block[member]))
  return documentOf(namespace, 'PublicAccessBlockConfiguration', rows)
}

/** As XML Schema has it; clients write TRUE as well. */
function parseBoolean(text: string | undefined): boolean {
  switch (text?.trim().toLowerCase()) {
    case undefined:
    case 'false':
    case '0':
      return false
    case 'true':
    case '1':
      return true
    default:
      throw new S3Error('MalformedXML')
  }
}
