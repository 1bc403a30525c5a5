// Codec of the lineage that metadata note of themselves.
import { type CatalogLineage, parseLifeId, parseStoreId } from '../../protocol/store/lineage.ts'
import { count, decodeRecord, encodeRecord, id, optionalText } from './record-frame.ts'

export function encodeLineage(lineage: CatalogLineage): Buffer {
  const { storeId, epoch, life, previousLife, isPaired, mark } = lineage
  return encodeRecord(1, [storeId, epoch, life, isPaired ? 1 : 0, mark, previousLife])
}

export function parseLineage(bytes: Uint8Array): CatalogLineage {
  const fields = decodeRecord('lineage', bytes)
  return {
    storeId: id(parseStoreId, fields, 0),
    epoch: count(fields, 1),
    life: id(parseLifeId, fields, 2),
    isPaired: count(fields, 3) === 1,
    mark: count(fields, 4),
    previousLife: optionalText(fields, 5) === undefined ? undefined : id(parseLifeId, fields, 5),
  }
}
