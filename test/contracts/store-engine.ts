// Contract of `StoreEngine`, for whatever keeps a store.
import assert from 'node:assert/strict'
import type { StoreEngine } from '../../protocol/store/store-engine.ts'
import { describe } from '../support/describe.ts'

export type OpenedEngine = {
  readonly engine: StoreEngine
  /** Opens what it keeps another time, after `engine.close()`. */
  reopen(): Promise<StoreEngine>
  discard(): Promise<void>
}

const { signal } = new AbortController()

export function storeEngineContract(name: string, open: () => Promise<OpenedEngine>): void {
  const withEngine = async (body: (opened: OpenedEngine) => Promise<void>) => {
    const opened = await open()
    try {
      await body(opened)
    } finally {
      await opened.discard()
    }
  }

  describe(`${name}: the life of an engine`, (test) => {
    test('one that was opened is well, takes writes and has found nothing wrong', () =>
      withEngine(async ({ engine }) => {
        assert.deepEqual(engine.findings, [])
        assert.deepEqual(await engine.check({ signal }), { takesWrites: true })
        await engine.close()
      }))

    test('a check that nobody waits for any more says so', () =>
      withEngine(async ({ engine }) => {
        const over = AbortSignal.abort(new Error('nobody waits'))
        await assert.rejects(engine.check({ signal: over }), /nobody waits/)
        assert.deepEqual(await engine.check({ signal }), { takesWrites: true })
        await engine.close()
      }))

    test('upkeep and clearing up are harmless when there is nothing to do, however often', () =>
      withEngine(async ({ engine }) => {
        for (const living of [new Set<string>(), new Set(['other'])]) {
          assert.deepEqual(await engine.recover(living), [])
          for (const { run } of engine.upkeep) assert.equal(await run(signal), 'idle')
        }
        assert.deepEqual(await engine.check({ signal }), { takesWrites: true })
        await engine.close()
      }))

    test('one that was closed is opened again as if it had never been closed', () =>
      withEngine(async ({ engine, reopen }) => {
        await engine.close()
        const again = await reopen()
        assert.deepEqual(again.findings, [])
        assert.deepEqual(await again.check({ signal }), { takesWrites: true })
        await again.close()
      }))
  })
}
