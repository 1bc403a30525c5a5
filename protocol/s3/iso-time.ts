// Times in XML answers. S3 shows whole seconds and writes three zeros after them.

/** `2026-11-21T08:05:43.000Z`. Takes milliseconds since 1970. */
export function isoTime(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString()
}
