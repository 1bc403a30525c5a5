// When the chunks note how many commits there are, with a keeper that says when it is asked.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { followCommits } from '../../../deploy/stores/follow-commits.ts'
import { repeat } from '../../../gateway/background/repeating.ts'
import { describe } from '../../support/describe.ts'

class Keeper {
  readonly asked: string[] = []
  watches = 0
  open = 0
  news = 0
  #onChange: (() => void) | undefined
  canTell = true

  async follow(after: 'pause' | 'write'): Promise<'noted' | 'nothing new'> {
    this.asked.push(after)
    await sleep(1)
    if (this.news === 0) return 'nothing new'
    this.news -= 1
    return 'noted'
  }

  watch(onChange: () => void): { close(): void } | undefined {
    if (!this.canTell) return undefined
    this.#onChange = onChange
    this.watches += 1
    this.open += 1
    return {
      close: () => {
        this.open -= 1
      },
    }
  }

  commit(): void {
    this.news += 1
    this.#onChange?.()
  }
}

const fail = (_job: string, cause: unknown) => {
  throw cause
}

describe('following commits', (test) => {
  test('ends when it is told to, at whatever moment', async () => {
    for (let ms = 0; ms < 60; ms += 1) {
      const keeper = new Keeper()
      const following = repeat(followCommits(keeper), fail)
      if (ms % 3 === 0) keeper.commit()
      // 0: before the first look has ended.
      if (ms > 0) await sleep(ms % 8)
      const late = sleep(5_000, 'late', { ref: true })
      assert.equal(await Promise.race([following.stop(), late]), undefined)
      assert.equal(keeper.open, 0, 'a watch is left')
    }
  })

  test('looks at nothing while nothing is committed, and at once when something is', async () => {
    const keeper = new Keeper()
    const following = repeat(followCommits(keeper), fail)
    await sleep(200)
    const idle = keeper.asked.length
    await sleep(300)
    assert.equal(keeper.asked.length, idle)
    keeper.commit()
    assert.equal(keeper.asked.at(-1), 'pause')
    await sleep(10)
    assert.equal(keeper.asked.at(-1), 'write')
    await following.stop()
  })

  test('goes on without a watch, more seldom', async () => {
    const keeper = new Keeper()
    keeper.canTell = false
    const following = repeat(followCommits(keeper), fail)
    await sleep(300)
    assert.deepEqual(keeper.asked, ['pause'])
    await following.stop()
  })
})
