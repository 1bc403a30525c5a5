// The XML of GetBucketVersioning and PutBucketVersioning.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
import { S3Error } from '../s3-error.ts'
import {
  childOf,
  optionalText,
  readXml,
  refuseOtherChildren,
  requireBody,
  requiredText,
  type XmlElement,
} from './xml-reader.ts'
import { element, s3Document } from './xml-writer.ts'

/** What a bucket can be set to. Never set at all is neither. */
export type VersioningSetting = 'enabled' | 'suspended'

/**
 * Throws `MissingRequestBodyError`, `MalformedXML`, `IllegalVersioningConfigurationException` when no
 * status is given, and `NotImplemented` when MFA delete is asked for.
 */
export function readVersioningConfiguration(body: Buffer): VersioningSetting {
  const configuration = readXml(requireBody(body), 'VersioningConfiguration')
  refuseOtherChildren(configuration, ['Status', ...mfaDeleteNames])
  refuseMfaDelete(configuration)
  if (childOf(configuration, 'Status') === undefined) {
    throw new S3Error(
      'IllegalVersioningConfigurationException',
      {},
      { message: 'The Versioning element must be specified' },
    )
  }
  switch (requiredText(configuration, 'Status')) {
    case 'Enabled':
      return 'enabled'
    case 'Suspended':
      return 'suspended'
    default:
      throw new S3Error('MalformedXML')
  }
}

// The schema says MfaDelete, the answers of S3 say MFADelete, and clients send either.
const mfaDeleteNames = ['MfaDelete', 'MFADelete']

function refuseMfaDelete(configuration: XmlElement): void {
  for (const name of mfaDeleteNames) {
    const text = optionalText(configuration, name)
    if (text === undefined || text === 'Disabled') continue
    if (text !== 'Enabled') throw new S3Error('MalformedXML')
    throw new S3Error('NotImplemented', {}, { message: 'MFA delete is not implemented.' })
  }
}

/** An empty element for a bucket whose versioning was never set. */
export function renderVersioningConfiguration(status: VersioningSetting | 'off'): string {
  if (status === 'off') return s3Document('VersioningConfiguration')
  return s3Document(
    'VersioningConfiguration',
    element('Status', status === 'enabled' ? 'Enabled' : 'Suspended'),
  )
}
