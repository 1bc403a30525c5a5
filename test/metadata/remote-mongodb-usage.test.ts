// MongoDB behind two metadata services keeps the contract of `MetadataStore`: usage.
import { servedMongoContract } from './mongodb-contract.ts'

servedMongoContract('usage')
