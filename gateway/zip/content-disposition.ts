// The header that gives a download its file name. https://www.rfc-editor.org/rfc/rfc6266

/** `fileName` may hold anything; what a header cannot say stands in the extended form alone. */
export function attachment(fileName: string): string {
  // Path separators and quotes would be a client's trouble, controls a header's.
  const plain = fileName.replace(/[^ -~]|["\\/%]/g, '_')
  if (plain === fileName) return `attachment; filename="${fileName}"`
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeExtended(fileName)}`
}

/** https://www.rfc-editor.org/rfc/rfc8187#section-3.2.1 */
function encodeExtended(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
