// The embedded engine keeps the contract of `MetadataStore`.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { metadataStoreContract } from '../contracts/metadata-store.ts'

metadataStoreContract('lmdb', async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-metadata-'))
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  return {
    store,
    close: async () => {
      await store.close()
      await rm(path, { recursive: true })
    },
  }
})
