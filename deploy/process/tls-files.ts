// Reads certificate and key, and refuses what would not work before it is put to use.
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { TlsPaths } from '../../gateway/config/take-tls.ts'
import type { TlsPem } from '../../gateway/http/s3-server.ts'

/** The message names the files. */
export class BadTlsFiles extends Error {
  override readonly name = 'BadTlsFiles'
}

/** Throws `BadTlsFiles` when they cannot be read, are not PEM, or do not belong together. */
export async function readTlsFiles({ certFile, keyFile }: TlsPaths): Promise<TlsPem> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BadTlsFiles(
      `The certificate ${certFile} with the key ${keyFile} cannot be used: ${why}`,
      {
        cause,
      },
    )
  }
}
