// MongoDB behind two metadata services keeps the contract of `MetadataStore`: leases.
import { servedMongoContract } from './mongodb-contract.ts'

servedMongoContract('leases')
