// Bounds of the body decoders, in bytes unless the name says otherwise.

/** What one PUT or one part may carry. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const objectBytesMax = 5 * 1024 ** 3
/** A chunk header: size in hex, `;chunk-signature=` and 64 digits, with room for spare extensions. */
export const chunkHeaderBytesMax = 1024
/** All trailing headers of a body together, as Node bounds the header section. */
export const trailerBytesMax = 16 * 1024
/** Names in `x-amz-trailer`: one checksum is all S3 knows, a few more do no harm. */
export const trailerNamesMax = 8
/** Everything but the file in a POST form. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
export const formFieldsBytesMax = 20 * 1024
export const formFieldsMax = 100
/** The header lines of one form part. */
export const partHeaderBytesMax = 8 * 1024
/** RFC 2046 section 5.1.1. */
export const boundaryCharsMax = 70
