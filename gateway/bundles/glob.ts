// Globs over keys: `*` and `?` stay within a component, `**` does not; `**/` may also stand for nothing.
// Matching takes time proportional to pattern times key, whatever the pattern.

export type Glob = {
  /** What every matching key begins with. */
  readonly beginning: string
  readonly matches: (key: string) => boolean
  readonly wildcards: number
}

type Token =
  | { readonly is: 'character'; readonly character: string }
  /** One character that is no slash. */
  | { readonly is: 'one' }
  /** Any number of characters but slashes. */
  | { readonly is: 'some' }
  /** Any number of characters. */
  | { readonly is: 'any' }
  /** Nothing, or anything that ends with a slash. */
  | { readonly is: 'folders' }

/** Everything but `*` and `?` stands for itself; a backslash before one of them makes it do so too. */
export function parseGlob(pattern: string): Glob {
  const tokens = tokensOf([...pattern])
  let beginning = ''
  for (const token of tokens) {
    if (token.is !== 'character') break
    beginning += token.character
  }
  const wildcards = tokens.filter((token) => token.is !== 'character').length
  return { beginning, wildcards, matches: (key) => matches(tokens, [...key]) }
}

function tokensOf(characters: readonly string[]): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? ''
    const next = characters[at + 1]
    if (character === '\\' && (next === '*' || next === '?' || next === '\\')) {
      tokens.push({ is: 'character', character: next })
      at += 1
    } else if (character === '?') {
      tokens.push({ is: 'one' })
    } else if (character !== '*') {
      tokens.push({ is: 'character', character })
    } else if (next !== '*') {
      tokens.push({ is: 'some' })
    } else {
      const wholeComponent = at === 0 || characters[at - 1] === '/'
      const folders = wholeComponent && characters[at + 2] === '/'
      tokens.push({ is: folders ? 'folders' : 'any' })
      at += folders ? 2 : 1
    }
  }
  return tokens
}

/** Goes through the key once with the set of places in the pattern that are reached. */
function matches(tokens: readonly Token[], key: readonly string[]): boolean {
  let places = new Set(enter(tokens, 0))
  for (const character of key) {
    const next = new Set<number>()
    for (const place of places) {
      for (const reached of step(tokens, place, character)) next.add(reached)
    }
    if (next.size === 0) return false
    places = next
  }
  return places.has(tokens.length)
}

/** The place and those behind it that are reached without a character. */
function enter(tokens: readonly Token[], place: number): readonly number[] {
  const is = tokens[place]?.is
  const passable = is === 'some' || is === 'any' || is === 'folders'
  return passable ? [place, ...enter(tokens, place + 1)] : [place]
}

function step(tokens: readonly Token[], place: number, character: string): readonly number[] {
  const token = tokens[place]
  switch (token?.is) {
    case undefined:
      return []
    case 'character':
      return token.character === character ? enter(tokens, place + 1) : []
    case 'one':
      return character === '/' ? [] : enter(tokens, place + 1)
    case 'some':
      return character === '/' ? [] : enter(tokens, place)
    case 'any':
      return enter(tokens, place)
    case 'folders':
      // Within folders, what comes behind them waits for a slash.
      return character === '/' ? [place, ...enter(tokens, place + 1)] : [place]
  }
}
