// MongoDB behind two metadata services keeps the contract of `MetadataStore`: work.
import { servedMongoContract } from './mongodb-contract.ts'

servedMongoContract('work')
