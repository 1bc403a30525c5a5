// To be imported into a process that works on the stand-in for MongoDB (`node --import`).
import { emulateSnapshots } from './stand-in-snapshots.ts'

emulateSnapshots()
