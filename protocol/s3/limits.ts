// Every limit of the protocol, with where it comes from. Limits of this server's own making (memory,
// rates, connections) are settings, in `gateway/config/config.ts`.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

const kib = 1024
const mib = 1024 * kib
const gib = 1024 * mib
const tib = 1024 * gib

/** UTF-8 bytes of an object key. */
export const keyBytesMax = 1024
/** Bytes of a single PUT, of a part, and of a source range of UploadPartCopy and CopyObject. */
export const putBytesMax = 5 * gib
/** Bytes of an object, however it came. */
export const objectBytesMax = 5 * tib
/** Bytes of every part but the last. */
export const partBytesMin = 5 * mib
export const partNumberMax = 10_000
/** Names and values together, bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
export const userMetadataBytesMax = 2 * kib
/** The same of the headers that S3 knows and stores: `Content-Type`, `Cache-Control` and their like. */
export const systemMetadataBytesMax = 2 * kib
/** Bytes of `x-amz-website-redirect-location`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html */
export const redirectBytesMax = 2 * kib
/** The header section of a request: AWS says 8 KiB; room is left for long keys and signatures. */
export const headerBytesMax = 16 * kib
export const listKeysMax = 1000
export const listBucketsMax = 10_000
export const deleteKeysMax = 1000
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export const objectTagsMax = 10
export const bucketTagsMax = 50
export const tagKeyCharactersMax = 128
export const tagValueCharactersMax = 256
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
export const corsRulesMax = 100
/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSRule.html */
export const corsRuleIdCharactersMax = 255
/** Bytes of a CORS configuration in XML. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html */
export const corsBytesMax = 64 * kib
/** Of an access control list: a hundred grants, of 300 bytes and less each. */
export const aclBytesMax = 128 * kib
/** Bytes of an XML body. DeleteObjects of 1,000 keys of 1,024 escaped bytes is the largest. */
export const xmlBytesMax = 8 * mib
