// The XML form of a tag set, as PutObjectTagging, PutBucketTagging and the `tagging` field of POST
// forms carry it. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Tagging.html
import { S3Error } from '../s3-error.ts'
import { checkTags, type Tag, type Tagged } from '../tag-set.ts'
import {
  childOf,
  readXml,
  refuseOtherChildren,
  requireBody,
  requiredText,
  type XmlElement,
} from './xml-reader.ts'

/** Throws `MissingRequestBodyError`, `MalformedXML`, and what `checkTags` throws. */
export function readTagging(body: Buffer, tagged: Tagged): readonly Tag[] {
  const root = readXml(requireBody(body), 'Tagging')
  refuseOtherChildren(root, ['TagSet'])
  const tagSet = childOf(root, 'TagSet')
  if (tagSet === undefined) throw new S3Error('MalformedXML')
  return readTags(tagSet, tagged)
}

/** The `Tag` children of an element that may have no others. Throws as `readTagging`. */
export function readTags(tagSet: XmlElement, tagged: Tagged): readonly Tag[] {
  refuseOtherChildren(tagSet, ['Tag'])
  const tags = tagSet.children.map((tag) => {
    refuseOtherChildren(tag, ['Key', 'Value'])
    return { key: requiredText(tag, 'Key'), value: requiredText(tag, 'Value') }
  })
  return checkTags(tags, tagged)
}
