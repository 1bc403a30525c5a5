// The answer of GetBucketLocation.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
import { escapeXml, s3Document } from './xml-writer.ts'

/** The region whose name S3 leaves empty here, for historical reasons. */
const unnamedRegion = 'us-east-1'

export function renderBucketLocation(region: string): string {
  return s3Document('LocationConstraint', region === unnamedRegion ? '' : escapeXml(region))
}
