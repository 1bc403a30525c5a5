// The engine on MongoDB keeps the contract of `MetadataStore`: objects.
import { mongoContract } from './mongodb-contract.ts'

mongoContract('objects')
