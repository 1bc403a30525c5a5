// MongoDB behind two metadata services keeps the contract of `MetadataStore`: objects.
import { servedMongoContract } from './mongodb-contract.ts'

servedMongoContract('objects')
