// The engine on MongoDB keeps the contract of `MetadataStore`.
import { metadataStoreContract } from '../contracts/metadata-store.ts'
import { openMongoStore } from '../support/mongo-stores.ts'

metadataStoreContract('mongodb', openMongoStore)
