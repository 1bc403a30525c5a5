// The engine on MongoDB keeps the contract of `MetadataStore`: work.
import { mongoContract } from './mongodb-contract.ts'

mongoContract('work')
