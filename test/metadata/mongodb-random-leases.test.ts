// The engine on MongoDB keeps the contract of `MetadataStore`: random histories of leases. Several engines hold more
// than these demand: what one of them commits between the seals of leases that were handed over (decision 0021).
import { mongoContract } from './mongodb-contract.ts'

mongoContract('randomLeases')
