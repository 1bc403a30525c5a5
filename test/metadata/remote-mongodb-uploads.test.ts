// MongoDB behind two metadata services keeps the contract of `MetadataStore`: uploads.
import { servedMongoContract } from './mongodb-contract.ts'

servedMongoContract('uploads')
