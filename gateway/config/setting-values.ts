// The values of settings, taken one by one by whoever builds a configuration of them: what is wrong with any is
// noted, so that all mistakes are told at once.
import type { Said } from './config-sources.ts'
import { BadValue } from './config-values.ts'
import { type SettingName, settingOf, variableOf } from './settings.ts'

/** Takes values by name and notes what is wrong with them, so that all mistakes are met at once. */
export class SettingValues {
  private readonly said: ReadonlyMap<SettingName, Said>
  private readonly mistakes: string[]

  constructor(said: ReadonlyMap<SettingName, Said>, mistakes: string[]) {
    this.said = said
    this.mistakes = mistakes
  }

  /** A bad value is noted, and counts as unset here: what comes of it is never used. */
  take<T>(name: SettingName, parse: (raw: string) => T): T | undefined {
    const said = this.said.get(name)
    if (said === undefined) return undefined
    try {
      return parse(said.raw)
    } catch (cause) {
      if (!(cause instanceof BadValue)) throw cause
      this.mistakes.push(`${said.by}: ${cause.message}`)
      return undefined
    }
  }

  /** As `take`, with the default of the table. */
  takeOr<T>(name: SettingName, parse: (raw: string) => T): T {
    return this.take(name, parse) ?? parse(settingOf(name).fallback ?? '')
  }

  /** Both or neither; one alone is a mistake. */
  takePair(
    [a, b]: readonly [SettingName, SettingName],
    parse: readonly [(raw: string) => string, (raw: string) => string],
  ): readonly [string, string] | undefined {
    const first = this.take(a, parse[0])
    const second = this.take(b, parse[1])
    for (const [name, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const said = this.said.get(name)
      if (said === undefined || this.said.has(other)) continue
      const missing = settingOf(other).secret ? variableOf(other) : `--${other}`
      this.mistakes.push(`${said.by}: needs ${missing} too`)
    }
    return first === undefined || second === undefined ? undefined : [first, second]
  }

  has(name: SettingName): boolean {
    return this.said.has(name)
  }

  refuse(name: SettingName, why: string): void {
    this.mistakes.push(`${this.said.get(name)?.by ?? `--${name}`}: ${why}`)
  }
}
