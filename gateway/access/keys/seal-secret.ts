// Seals the secrets that metadata keeps: tenant root keys and secret access keys under the master key,
// sources of bundles under their tenant's key. What a secret is goes in as associated data, so that a
// row copied over another does not open.
// Layout: format (1 byte) | nonce (12) | ciphertext | tag (16).
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import type { ManifestId } from '../../../metadata/manifest-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'

export type SecretName =
  | { readonly is: 'tenantRootKey'; readonly tenantId: TenantId }
  | {
      readonly is: 'secretAccessKey'
      readonly tenantId: TenantId
      readonly accessKeyId: string
    }
  | { readonly is: 'sessionToken'; readonly accessKeyId: string }
  | {
      readonly is: 'adminReply'
      /** Of the reply, and which part of it. */
      readonly replyId: string
      readonly part: 'seed' | 'reply'
    }
  | {
      readonly is: 'bundleSources'
      readonly tenantId: TenantId
      /** Of the manifest that they are gathered for. */
      readonly manifestId: ManifestId
    }

/** The master key, or the keys of a tenant. */
export type SealingKeys = { readonly sealingKey: KeyObject }

/** A stored secret that does not open: another master key, another row's, or altered. */
export class BadSealedSecret extends Error {
  override readonly name = 'BadSealedSecret'
}

const format = 1
const nonceBytes = 12
const tagBytes = 16

export function sealSecret(
  keys: SealingKeys,
  secret: { readonly name: SecretName; readonly plaintext: Uint8Array },
  random: RandomBytes,
): Buffer {
  const nonce = random(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', keys.sealingKey, nonce)
  cipher.setAAD(associatedData(secret.name))
  const sealed = cipher.update(secret.plaintext)
  cipher.final()
  return Buffer.concat([Buffer.of(format), nonce, sealed, cipher.getAuthTag()])
}

/** The plaintext. Throws `BadSealedSecret`. */
export function openSecret(keys: SealingKeys, name: SecretName, sealed: Uint8Array): Buffer {
  const headBytes = 1 + nonceBytes
  if (sealed[0] !== format || sealed.length < headBytes + tagBytes) {
    throw new BadSealedSecret(`the sealed ${name.is} has an unknown format`)
  }
  const nonce = sealed.subarray(1, headBytes)
  const tagAt = sealed.length - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', keys.sealingKey, nonce, {
    authTagLength: tagBytes,
  })
  decipher.setAAD(associatedData(name))
  decipher.setAuthTag(sealed.subarray(tagAt))
  const plaintext = decipher.update(sealed.subarray(headBytes, tagAt))
  try {
    decipher.final()
  } catch (cause) {
    throw new BadSealedSecret(
      `the sealed ${name.is} of ${ownerIn(name)} does not open: is this the master key of this data directory?`,
      { cause },
    )
  }
  return plaintext
}

function ownerIn(name: SecretName): string {
  switch (name.is) {
    case 'sessionToken':
      return name.accessKeyId
    case 'adminReply':
      return `reply ${name.replyId}`
    default:
      return `tenant ${name.tenantId}`
  }
}

/** JSON of the fields in a fixed order: two names never meet in one string. */
function associatedData(name: SecretName): Buffer {
  switch (name.is) {
    case 'tenantRootKey':
      return Buffer.from(JSON.stringify(['holdfast secret 1', name.is, name.tenantId]))
    case 'secretAccessKey':
      return Buffer.from(
        JSON.stringify(['holdfast secret 1', name.is, name.tenantId, name.accessKeyId]),
      )
    case 'sessionToken':
      return Buffer.from(JSON.stringify(['holdfast secret 1', name.is, name.accessKeyId]))
    case 'adminReply':
      return Buffer.from(JSON.stringify(['holdfast secret 1', name.is, name.replyId, name.part]))
    case 'bundleSources':
      return Buffer.from(
        JSON.stringify(['holdfast secret 1', name.is, name.tenantId, name.manifestId]),
      )
    default: {
      const never: never = name
      return never
    }
  }
}
