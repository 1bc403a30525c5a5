import assert from 'node:assert'
import type { User } from '../../../gateway/access/identity.ts'
import { KeyUses } from '../../../gateway/access/key-uses.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import type { TenantId } from '../../../metadata/records.ts'
import type { KeyUse } from '../../../metadata/tenant-store.ts'
import { describe } from '../../support/describe.ts'

type Noted = KeyUse & { readonly accessKeyId: string }

/** Writes end when the test says so. */
class SlowStore {
  readonly noted: Noted[] = []
  private readonly ends: ((cause?: Error) => void)[] = []

  noteKeyUse(accessKeyId: string, use: KeyUse): Promise<void> {
    this.noted.push({ accessKeyId, ...use })
    return new Promise((resolve, reject) => {
      this.ends.push((cause) => (cause === undefined ? resolve() : reject(cause)))
    })
  }

  endAll(cause?: Error): void {
    for (const end of this.ends.splice(0)) end(cause)
  }
}

const tenantId = 'root' as TenantId
const s3 = { service: 's3', region: 'us-east-1' }

function keyOf(accessKeyId: string): User {
  return { is: 'user', tenantId, namespace: defaultNamespace, userName: 'user', accessKeyId }
}

describe('uses of access keys', (test) => {
  let store: SlowStore
  let uses: KeyUses
  let nowMs: number
  let lost: unknown[]
  test.beforeEach(() => {
    store = new SlowStore()
    nowMs = 1_000_000
    lost = []
    uses = new KeyUses({
      ...{ tenants: store, now: () => nowMs },
      onLost: (cause) => lost.push(cause),
    })
  })

  test('one is noted in ten minutes of each key, and of temporary ones none', () => {
    uses.note(keyOf('one'), s3)
    uses.note(keyOf('one'), { ...s3, service: 'iam' })
    uses.note(keyOf('two'), { ...s3, region: 'r'.repeat(1_000) })
    const session = { of: 'user', name: '', ownerId: '', issuedMs: 0, expiresMs: 0 } as const
    uses.note({ ...keyOf('three'), session }, s3)
    nowMs += 599_999
    uses.note(keyOf('one'), s3)
    nowMs += 1
    uses.note(keyOf('one'), { ...s3, service: 'sts' })
    assert.deepStrictEqual(store.noted, [
      { accessKeyId: 'one', usedMs: 1_000_000, ...s3 },
      { accessKeyId: 'two', usedMs: 1_000_000, ...s3, region: 'r'.repeat(64) },
      { accessKeyId: 'one', usedMs: 1_600_000, ...s3, service: 'sts' },
    ])
  })

  test('while the store is slow few are written, and of the others the next use is', async () => {
    for (let i = 0; i < 100; i += 1) uses.note(keyOf(`key ${i}`), s3)
    assert.strictEqual(store.noted.length, 16)
    const closed = uses.close()
    store.endAll()
    await closed
    uses.note(keyOf('key 99'), s3)
    assert.strictEqual(store.noted.length, 17)
  })

  test('what could not be written is told, and nobody waits for it', async () => {
    uses.note(keyOf('one'), s3)
    const closed = uses.close()
    store.endAll(new Error('gone'))
    await closed
    assert.deepStrictEqual(lost, [new Error('gone')])
  })
})
