// The engine on MongoDB keeps the contract of `MetadataStore`: leases.
import { mongoContract } from './mongodb-contract.ts'

mongoContract('leases')
