// The embedded metadata keep the contract of `StoreEngine`.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lmdbEngine } from '../../metadata/lmdb/lmdb-engine.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { storeEngineContract } from '../contracts/store-engine.ts'

storeEngineContract('lmdb', async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-engine-'))
  const reopen = async () =>
    lmdbEngine(await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' }))
  return { engine: await reopen(), reopen, discard: () => rm(path, { recursive: true }) }
})
