// Bounds of the body decoders, in bytes unless the name says otherwise. Sizes of objects and parts are in
// `../limits.ts`.

/** A chunk header: size in hex, `;chunk-signature=` and 64 digits, with room for spare extensions. */
export const chunkHeaderBytesMax = 1024
/** All trailing headers of a body together, as Node bounds the header section. */
export const trailerBytesMax = 16 * 1024
/** Names in `x-amz-trailer`: one checksum is all S3 knows, a few more do no harm. */
export const trailerNamesMax = 8
/** Everything before the file in a POST form. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
export const formFieldsBytesMax = 20 * 1024
/** RFC 2046 section 5.1.1. */
export const boundaryCharactersMax = 70
