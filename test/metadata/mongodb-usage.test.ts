// The engine on MongoDB keeps the contract of `MetadataStore`: usage.
import { mongoContract } from './mongodb-contract.ts'

mongoContract('usage')
