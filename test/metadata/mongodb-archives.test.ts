// The engine on MongoDB keeps the contract of `MetadataStore`: archives.
import { mongoContract } from './mongodb-contract.ts'

mongoContract('archives')
