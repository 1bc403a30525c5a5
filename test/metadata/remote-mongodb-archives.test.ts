// MongoDB behind two metadata services keeps the contract of `MetadataStore`: archives.
import { servedMongoContract } from './mongodb-contract.ts'

servedMongoContract('archives')
