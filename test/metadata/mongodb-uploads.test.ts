// The engine on MongoDB keeps the contract of `MetadataStore`: uploads.
import { mongoContract } from './mongodb-contract.ts'

mongoContract('uploads')
